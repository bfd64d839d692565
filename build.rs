//! Names the shared library; with the feature `capi` writes the manual pages, which `cargo cinstall` installs; with the
//! feature `header` writes include/perlipc.h and include/perlipc.json anew from the functions in src/ffi, into the
//! directory PERLIPC_HEADER_DIR (include/ if that is not set).

#[cfg(feature = "capi")]
#[allow(dead_code)] // What it does when it is a program.
#[path = "tools/manual.rs"]
mod manual;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The name that programs look for, and a library that stays: handlers must not be unmapped under the kernel.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libperlipc.so.0");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    #[cfg(feature = "header")]
    header::write();
    #[cfg(feature = "capi")]
    manual_pages();
}

#[cfg(feature = "capi")]
fn manual_pages() {
    use std::path::Path;
    for file in ["tools/manual.rs", "include/perlipc.h", "docs/c-api.md"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    manual::man(Path::new("."), &Path::new(&out).join("man3")).expect("the manual pages");
}

#[cfg(feature = "header")]
mod header {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};

    /// The files of src/ffi in the order of the header, each with its banner.
    const FILES: &[(&str, &str)] = &[
        ("version", "version: of the library, and what this kernel gives it"),
        ("error", "error: result codes, and what failed last"),
        ("signal", "signal: names, handlers that never run inside a signal, masks, alarm, sleep"),
        ("cmd", "cmd: what to run"),
        ("child", "child: a process that this one started"),
        ("status", "status: $? as the native wait status, -1 when nobody can know"),
        ("stream", "stream: Perl's filehandle"),
        ("popen", "popen, open2, open3: a command with its ends on streams"),
        ("capture", "capture: backticks, and talks without deadlock"),
        ("pipeline", "pipeline: commands one behind the other"),
        ("pty", "pty: pseudo-terminals"),
        ("expect", "expect: patterns over any stream"),
        ("interact", "interact: the user's terminal joined with a child's"),
        ("fifo", "fifo: named pipes"),
        ("sysv", "sysv: keys, limits and the list of the System V objects"),
        ("sem", "sem: System V semaphores by id, as in Perl"),
        ("shm", "shm: System V shared memory by id, and attached"),
        ("msg", "msg: System V message queues by id"),
        ("lock", "lock: between processes; it survives its holder"),
        ("futex", "futex: a semaphore that makes no system call while nobody waits"),
        ("value", "value: a variable that processes share"),
        ("flock", "flock: advisory locks on files, with a limit"),
        ("argv", "argv: many files as one stream of lines"),
        ("addr", "addr: hosts, services, protocols; addresses are text, \"127.0.0.1:37\", \"/path\", \"@name\""),
        ("tcp", "tcp: connect and listen"),
        ("unix", "unix: sockets by path or name, pairs, descriptors handed over"),
        ("listener", "listener: what accepts connections"),
        ("dgram", "dgram: UDP and Unix datagrams"),
        ("batch", "batch: many datagrams in one system call"),
        ("server", "server: a process per client, or one client after the other"),
        ("poll", "poll: one loop for streams, listeners, datagrams, children, signals and descriptors; select"),
        ("user", "user, daemon: privileges dropped for good, and dissociation"),
        ("taint", "taint: the checks of perl -T"),
    ];

    /// Whose result nobody should drop: what can fail for reasons that are not the caller's mistake.
    const KEEP_RESULT: &[&str] = &[
        "_start",
        "_run",
        "_cmd_exec",
        "_open",
        "_fork",
        "_new",
        "_argv",
        "_shell",
        "_read",
        "_read_full",
        "_readline",
        "_getline",
        "_lines",
        "_write",
        "_flush",
        "_wait",
        "_any",
        "_wait_pid",
        "_adopt",
        "_release",
        "_dgram_unix",
        "_open2",
        "_open3",
        "_drop",
        "_feed",
        "_each",
        "_script",
        "_interact",
        "_make",
        "_private",
        "_save",
        "_next",
        "_get",
        "_create",
        "_attach",
        "_attach_at",
        "_named",
        "_op",
        "_take",
        "_take_undo",
        "_send",
        "_recv",
        "_ftok",
        "_flock",
        "_connect",
        "_listen",
        "_accept",
        "_pair",
        "_peek",
        "_peer_pidfd",
        "_send_fd",
        "_recv_fd",
        "_inherited",
        "_resolve",
        "_select",
    ];

    struct Noun {
        name: &'static str,
        banner: &'static str,
        file: syn::File,
        path: PathBuf,
    }

    pub fn write() {
        println!("cargo::rerun-if-changed=src/ffi");
        println!("cargo::rerun-if-env-changed=PERLIPC_HEADER_DIR");
        let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
        let nouns: Vec<Noun> = FILES.iter().map(|(name, banner)| read(&root, name, banner)).collect();
        let to = std::env::var("PERLIPC_HEADER_DIR").map_or_else(|_| root.join("include"), PathBuf::from);
        std::fs::create_dir_all(&to).expect("the directory for the header");
        replace(&to.join("perlipc.h"), &c_header(&nouns));
        replace(&to.join("perlipc.json"), &json(&nouns));
    }

    /// What is the same keeps its time, so that nothing is built again for it.
    fn replace(file: &Path, text: &str) {
        if std::fs::read_to_string(file).is_ok_and(|old| old == text) {
            return;
        }
        std::fs::write(file, text).expect("a file of the header's directory");
    }

    fn read(root: &Path, name: &'static str, banner: &'static str) -> Noun {
        let path = root.join(format!("src/ffi/{name}.rs"));
        let text = std::fs::read_to_string(&path).expect("a file of src/ffi");
        Noun { name, banner, file: syn::parse_file(&text).expect("Rust"), path }
    }

    fn public<'a, T>(noun: &'a Noun, pick: impl Fn(&'a syn::Item) -> Option<T>) -> Vec<T> {
        noun.file.items.iter().filter_map(pick).collect()
    }

    fn handles(noun: &Noun) -> Vec<(String, String)> {
        public(noun, |item| match item {
            syn::Item::Struct(s) if matches!(s.vis, syn::Visibility::Public(_)) => {
                Some((s.ident.to_string(), doc(&s.attrs)))
            }
            _ => None,
        })
    }

    fn doc(attrs: &[syn::Attribute]) -> String {
        let mut text = String::new();
        for attr in attrs {
            if let syn::Meta::NameValue(syn::MetaNameValue { path, value, .. }) = &attr.meta
                && let (true, syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. })) =
                    (path.is_ident("doc"), value)
            {
                let _ = writeln!(text, "{}", line.value().strip_prefix(' ').unwrap_or(&line.value()));
            }
        }
        text.trim_end().to_owned()
    }

    fn comment(text: &str) -> String {
        let mut lines = text.lines();
        let mut out = format!("/* {}", lines.next().unwrap_or_default());
        for line in lines {
            let _ = write!(out, "\n *{}{line}", if line.is_empty() { "" } else { " " });
        }
        out + " */\n"
    }

    fn c_header(nouns: &[Noun]) -> String {
        let version = std::env::var("CARGO_PKG_VERSION").expect("cargo sets it");
        let mut part = version.split('.').map(|part| part.parse::<u32>().expect("a number"));
        let (major, minor, patch) = (part.next().unwrap(), part.next().unwrap(), part.next().unwrap());
        let mut out = String::new();
        let _ = write!(
            out,
            "/* perlipc {version}: Perl's interprocess communication for every language.
 *
 * Written by the build from src/ffi: do not edit.
 *
 * Results: 0 or more is success, and often the answer; below 0 is -errno or a PERLIPC_E_*; errno is set as well.
 * Handles are opaque, and free(NULL) is nothing. Out-parameters come last; a failed call sets an out-handle to NULL.
 * timeout_ms: -1 waits for ever, 0 does not wait; running out is -ETIMEDOUT everywhere. Strings in are read during the
 * call only; strings and bytes out are borrowed from their handle. The whole of the rules: docs/c-api.md. */
#ifndef PERLIPC_H
#define PERLIPC_H

#include <stddef.h>
#include <stdint.h>

/* The version of this header, to compare in #if: major << 16 | minor << 8 | patch. */
#define PERLIPC_VERSION_MAJOR {major}
#define PERLIPC_VERSION_MINOR {minor}
#define PERLIPC_VERSION_PATCH {patch}
#define PERLIPC_VERSION ((PERLIPC_VERSION_MAJOR << 16) | (PERLIPC_VERSION_MINOR << 8) | PERLIPC_VERSION_PATCH)

/* A result that must be looked at. */
#ifndef PERLIPC_NODISCARD
# if defined(__cplusplus) && __cplusplus >= 201703L
#  define PERLIPC_NODISCARD [[nodiscard]]
# elif defined(__GNUC__)
#  define PERLIPC_NODISCARD __attribute__((warn_unused_result))
# else
#  define PERLIPC_NODISCARD
# endif
#endif

/* A safe point in a loop: whether a handler is due, by the address that ipc_signal_due_word gave once. */
#define PERLIPC_SIGNAL_DUE(word) (*(const volatile uint64_t *)(word) != 0)

#ifdef __cplusplus
extern \"C\" {{
#endif

"
        );
        let all: Vec<(String, String)> = nouns.iter().flat_map(handles).collect();
        for (name, text) in &all {
            out += &comment(text);
            let _ = writeln!(out, "typedef struct {name} {name};\n");
        }
        for noun in nouns {
            let line = format!("/* ---- {} ", noun.banner);
            let _ = writeln!(out, "{line}{} */\n", "-".repeat(116usize.saturating_sub(line.len())));
            out += &declarations(noun, &all);
        }
        out += "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
        out
    }

    fn declarations(noun: &Noun, all: &[(String, String)]) -> String {
        let mut config = cbindgen::Config {
            language: cbindgen::Language::C,
            documentation_style: cbindgen::DocumentationStyle::C99,
            no_includes: true,
            line_length: 118,
            usize_is_size_t: true,
            ..cbindgen::Config::default()
        };
        config.style = cbindgen::Style::Type;
        config.export.exclude = all.iter().map(|(name, _)| name.clone()).collect();
        config.function.args = cbindgen::Layout::Horizontal;
        let mut bytes = Vec::new();
        cbindgen::Builder::new()
            .with_src(&noun.path)
            .with_config(config)
            .generate()
            .expect("cbindgen")
            .write(&mut bytes);
        let text = String::from_utf8(bytes).expect("UTF-8");
        // Line comments become one block comment; results that must be looked at are marked.
        let (mut out, mut doc) = (String::new(), String::new());
        for line in text.lines() {
            if let Some(more) = line.strip_prefix("//") {
                let _ = writeln!(doc, "{}", more.strip_prefix(' ').unwrap_or(more));
                continue;
            }
            if !doc.is_empty() {
                out += &comment(doc.trim_end());
                doc.clear();
            }
            let name = line.split('(').next().unwrap_or_default().rsplit([' ', '*']).next().unwrap_or_default();
            let function = line.contains(" ipc_") || line.contains("*ipc_");
            let answers = function && ![" ", "typedef", "void "].iter().any(|start| line.starts_with(start));
            if answers && KEEP_RESULT.iter().any(|end| name.ends_with(end)) {
                out += "PERLIPC_NODISCARD ";
            }
            out += &match line.strip_prefix("#define ").and_then(|rest| rest.split_once(" -")) {
                Some((name, number)) => format!("#define {name} (-{number})"),
                None => line.to_owned(),
            };
            out.push('\n');
        }
        out.trim().to_owned() + "\n\n"
    }

    fn c_type(ty: &syn::Type) -> String {
        match ty {
            syn::Type::Ptr(p) => {
                let inner = c_type(&p.elem);
                match (&*p.elem, p.const_token.is_some()) {
                    (syn::Type::Ptr(_), true) => format!("{inner} const *"),
                    (syn::Type::Ptr(_), false) => format!("{inner} *").replace("* *", "**"),
                    (_, true) => format!("const {inner} *"),
                    (_, false) => format!("{inner} *"),
                }
            }
            syn::Type::Path(p) => {
                match p.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default().as_str() {
                    "i16" => "int16_t".into(),
                    "u16" => "uint16_t".into(),
                    "i32" => "int32_t".into(),
                    "u32" => "uint32_t".into(),
                    "i64" => "int64_t".into(),
                    "u64" => "uint64_t".into(),
                    "usize" => "size_t".into(),
                    "c_char" => "char".into(),
                    "c_void" => "void".into(),
                    "Option" => panic!("a callback has a type of its own"),
                    other => other.to_owned(),
                }
            }
            _ => panic!("a type that C does not have"),
        }
    }

    fn quote(text: &str) -> String {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '"' => out += "\\\"",
                '\\' => out += "\\\\",
                '\n' => out += "\\n",
                c => out.push(c),
            }
        }
        out + "\""
    }

    fn json(nouns: &[Noun]) -> String {
        let mut functions = Vec::new();
        let mut constants = BTreeMap::new();
        let mut types = Vec::new();
        for noun in nouns {
            types.extend(handles(noun).into_iter().map(|(name, _)| format!("    {}", quote(&name))));
            for item in &noun.file.items {
                match item {
                    syn::Item::Const(c) if c.ident.to_string().starts_with("PERLIPC_") => {
                        let value = match &*c.expr {
                            syn::Expr::Unary(u) => match &*u.expr {
                                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => format!("-{n}"),
                                _ => panic!("a constant is a number"),
                            },
                            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => n.to_string(),
                            _ => panic!("a constant is a number"),
                        };
                        constants.insert(c.ident.to_string(), value);
                    }
                    syn::Item::Fn(f) if f.sig.ident.to_string().starts_with("ipc_") => {
                        let result = match &f.sig.output {
                            syn::ReturnType::Default => "void".to_owned(),
                            syn::ReturnType::Type(_, ty) => c_type(ty),
                        };
                        let args = f.sig.inputs.iter().map(|input| match input {
                            syn::FnArg::Typed(arg) => {
                                let syn::Pat::Ident(name) = &*arg.pat else { panic!("an argument has a name") };
                                let name = name.ident.to_string();
                                let name = name.strip_prefix("r#").unwrap_or(&name);
                                format!("{{\"name\": {}, \"type\": {}}}", quote(name), quote(&c_type(&arg.ty)))
                            }
                            syn::FnArg::Receiver(_) => panic!("a C function"),
                        });
                        functions.push(format!(
                            "    {{\"name\": {}, \"noun\": {}, \"returns\": {}, \"args\": [{}]}}",
                            quote(&f.sig.ident.to_string()),
                            quote(noun.name),
                            quote(&result),
                            args.collect::<Vec<_>>().join(", ")
                        ));
                    }
                    _ => {}
                }
            }
        }
        let constants: Vec<String> =
            constants.iter().map(|(name, value)| format!("    {}: {value}", quote(name))).collect();
        format!(
            "{{\n  \"version\": {},\n  \"types\": [\n{}\n  ],\n  \"constants\": {{\n{}\n  }},\n  \"functions\": [\n{}\n  ]\n}}\n",
            quote(&std::env::var("CARGO_PKG_VERSION").expect("cargo sets it")),
            types.join(",\n"),
            constants.join(",\n"),
            functions.join(",\n")
        )
    }
}
