//! The manual, written from the comments of include/perlipc.h and the rules in docs/c-api.md, so that it cannot say
//! anything else than they do.
//!
//!     manual man DIR     perlipc(3), a page per noun, and for each function a link to its page
//!     manual book DIR    the C reference of the book, one reStructuredText page per noun
//!
//! `make man` compiles it by itself; build.rs has it as a module, since `cargo cinstall` installs what a build writes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// What each comment of a function says, in this order; the text before them has no word.
const WORDS: [&str; 6] = ["Returns", "Errors", "Threads", "Blocks", "Callbacks", "Perl"];

/// When the form of the pages was last changed: a page needs a date, and the same source must give the same page.
const DATE: &str = "November 22, 2026";

struct Function {
    name: String,
    returns: String,
    args: Vec<String>,
    keep: bool,
    text: String,
    fields: Vec<(&'static str, String)>,
}

/// A handle, a callback type or a constant, with its comment.
struct Item {
    name: String,
    declaration: String,
    text: String,
}

struct Noun {
    name: String,
    others: Vec<String>,
    about: String,
    items: Vec<Item>,
    functions: Vec<Function>,
}

struct Manual {
    version: String,
    /// Macros that stand before the first noun.
    general: Vec<Item>,
    nouns: Vec<Noun>,
    rules: String,
}

pub fn main() -> io::Result<()> {
    let argv: Vec<String> = env::args().skip(1).collect();
    match argv.as_slice() {
        [form, to] if form == "man" => man(Path::new("."), Path::new(to)),
        [form, to] if form == "book" => book(Path::new("."), Path::new(to)),
        _ => Err(io::Error::other("manual man|book DIR")),
    }
}

/// Writes the manual pages of the tree `root` into the directory `to`.
pub fn man(root: &Path, to: &Path) -> io::Result<()> {
    let manual = read(root)?;
    fs::create_dir_all(to)?;
    fs::write(to.join("perlipc.3"), overview(&manual))?;
    for noun in &manual.nouns {
        let page = format!("ipc_{}", noun.name);
        fs::write(to.join(format!("{page}.3")), noun_page(&manual, noun))?;
        let names = noun.functions.iter().map(|f| f.name.clone());
        for name in names.chain(noun.others.iter().map(|other| format!("ipc_{other}"))) {
            if name != page {
                fs::write(to.join(format!("{name}.3")), format!(".so man3/{page}.3\n"))?;
            }
        }
    }
    Ok(())
}

/// Writes the book's C reference of the tree `root` into the directory `to`.
fn book(root: &Path, to: &Path) -> io::Result<()> {
    let manual = read(root)?;
    fs::create_dir_all(to)?;
    for noun in &manual.nouns {
        // The macros that belong to no noun stand beside the version, which most of them are about.
        let general = if noun.name == "version" { manual.general.as_slice() } else { &[] };
        fs::write(to.join(format!("{}.rst", noun.name)), book_page(noun, general))?;
    }
    fs::write(to.join("index.rst"), book_index(&manual))
}

// ---- reading the header ----

fn read(root: &Path) -> io::Result<Manual> {
    let header = fs::read_to_string(root.join("include/perlipc.h"))?;
    let rules = fs::read_to_string(root.join("docs/c-api.md"))?;
    let version = header.split_whitespace().nth(2).unwrap_or_default().trim_end_matches(':').to_owned();
    let mut manual = Manual { version, general: Vec::new(), nouns: Vec::new(), rules };
    let mut handles = Vec::new();
    let mut rest = header.as_str();
    while let Some(begin) = rest.find("/* ") {
        let Some(length) = rest[begin..].find("*/\n") else { break };
        let comment = &rest[begin..begin + length];
        rest = &rest[begin + length + 3..];
        if let Some(banner) = comment.strip_prefix("/* ---- ") {
            manual.nouns.push(noun(banner.trim_end_matches([' ', '-'])));
            continue;
        }
        let text = unwrap(comment);
        let declaration = rest.split("\n\n").next().unwrap_or_default().trim();
        if let Some(name) = declaration.strip_prefix("typedef struct ").and_then(|d| d.split(' ').next()) {
            handles.push(Item { name: name.to_owned(), declaration: declaration.to_owned(), text });
        } else if let Some(macro_) = declaration.strip_prefix("#define ") {
            let name: String = macro_.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let items = match manual.nouns.last_mut() {
                Some(noun) => &mut noun.items,
                None => &mut manual.general,
            };
            // Of several that share a comment, as the version's parts do, the last line is the one to look at.
            let line = declaration.lines().next_back().unwrap_or_default().to_owned();
            let name = if declaration.contains('\n') { "PERLIPC_VERSION".to_owned() } else { name };
            items.push(Item { name, declaration: line, text });
        } else if let (Some(noun), Some(typedef)) = (manual.nouns.last_mut(), declaration.strip_prefix("typedef ")) {
            let name = typedef.split("(*").nth(1).and_then(|r| r.split(')').next()).unwrap_or_default().to_owned();
            noun.items.push(Item { name, declaration: declaration.to_owned(), text });
        } else if let (Some(noun), true) = (manual.nouns.last_mut(), declaration.contains("ipc_")) {
            noun.functions.push(function(declaration, &text));
        }
    }
    // A handle belongs to the noun of its own name, else to the first whose functions take or give it.
    for handle in handles {
        let own = manual.nouns.iter().position(|noun| handle.name == format!("ipc_{}", noun.name));
        let used = |noun: &Noun| {
            noun.functions
                .iter()
                .any(|f| f.args.iter().any(|arg| arg.split([' ', '*']).any(|word| word == handle.name)))
        };
        let place = own.or_else(|| manual.nouns.iter().position(used)).unwrap_or(0);
        if let Some(noun) = manual.nouns.get_mut(place) {
            noun.items.insert(0, handle);
        }
    }
    Ok(manual)
}

fn noun(banner: &str) -> Noun {
    let (names, about) = banner.split_once(": ").unwrap_or((banner, banner));
    let mut names = names.split(", ").map(str::to_owned);
    let name = names.next().unwrap_or_default();
    Noun { name, others: names.collect(), about: about.to_owned(), items: Vec::new(), functions: Vec::new() }
}

/// A comment without its stars.
fn unwrap(comment: &str) -> String {
    let lines = comment.trim_start_matches("/*").trim_end_matches("*/").lines();
    let lines: Vec<&str> = lines.map(|line| line.trim().strip_prefix('*').unwrap_or(line).trim()).collect();
    lines.join("\n").trim().to_owned()
}

fn function(declaration: &str, text: &str) -> Function {
    let one: String = declaration.split_whitespace().collect::<Vec<_>>().join(" ");
    let keep = one.starts_with("PERLIPC_NODISCARD ");
    let one = one.trim_start_matches("PERLIPC_NODISCARD ").trim_end_matches(';');
    let (head, args) = one.split_once('(').unwrap_or((one, ""));
    let at = head.rfind([' ', '*']).map_or(0, |at| at + 1);
    let args = args.trim_end_matches(')');
    let args = if args == "void" { Vec::new() } else { args.split(", ").map(str::to_owned).collect() };
    let (mut said, mut fields): (String, Vec<(&'static str, String)>) = (String::new(), Vec::new());
    for line in text.lines() {
        let word = WORDS.iter().find(|word| line.starts_with(&format!("{word}: ")));
        if let Some(word) = word {
            fields.push((word, line[word.len() + 2..].to_owned()));
        } else if let Some((_, field)) = fields.last_mut() {
            let _ = write!(field, " {line}");
        } else {
            let _ = writeln!(said, "{line}");
        }
    }
    let (name, returns) = (head[at..].to_owned(), head[..at].trim().to_owned());
    Function { name, returns, args, keep, text: said.trim().to_owned(), fields }
}

fn paragraphs(text: &str) -> Vec<String> {
    text.split("\n\n").map(|p| p.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|p| !p.is_empty()).collect()
}

// ---- manual pages ----

/// Text for a manual page: nothing in it is a request, dashes and quotes are what they are in C, and `names` are italic.
fn roff(text: &str) -> String {
    let mut out = String::new();
    let mut code = false;
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // Perl's backticks, with nothing in them.
            '`' if !code && chars.peek() == Some(&'`') => {
                chars.next();
                out += "\\(ga\\(ga";
            }
            '`' => {
                out += if code { "\\fP" } else { "\\fI" };
                code = !code;
            }
            '\\' => out += "\\e",
            '\'' => out += "\\(aq",
            '^' => out += "\\(ha",
            '~' => out += "\\(ti",
            '-' if code || !before.is_alphanumeric() => out += "\\-",
            _ => out.push(c),
        }
        before = c;
    }
    if code {
        out += "\\fP";
    }
    // Each sentence begins a line, and no line a request.
    let mut lines = String::new();
    let mut words = out.split(' ').peekable();
    let mut begins = true;
    while let Some(word) = words.next() {
        if begins && word.starts_with('.') {
            lines += "\\&";
        }
        lines += word;
        let ends = word.ends_with('.') && !word.ends_with("..") && words.peek().is_some_and(|next| capital(next));
        if words.peek().is_some() {
            lines.push(if ends { '\n' } else { ' ' });
        }
        begins = ends;
    }
    lines
}

fn capital(word: &str) -> bool {
    word.chars().next().is_some_and(|c| c.is_ascii_uppercase())
}

/// An argument of a macro.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\e").replace('"', "\\(dq").replace('-', "\\-"))
}

fn head(title: &str, manual: &Manual) -> String {
    format!(
        ".\\\" Written from include/perlipc.h: do not edit.\n.Dd {DATE}\n.Dt {} 3\n.Os \"perlipc {}\"\n.Sh NAME\n",
        title.to_uppercase(),
        manual.version
    )
}

fn item(out: &mut String, item: &Item) {
    let _ = writeln!(out, ".It Vt {}", quoted(&item.declaration));
    for (i, paragraph) in paragraphs(&item.text).iter().enumerate() {
        let _ = writeln!(out, "{}{}", if i > 0 { ".Pp\n" } else { "" }, roff(paragraph));
    }
}

fn noun_page(manual: &Manual, noun: &Noun) -> String {
    let page = format!("ipc_{}", noun.name);
    let mut out = head(&page, manual);
    let mut names = vec![page.clone()];
    names.extend(noun.others.iter().map(|other| format!("ipc_{other}")));
    names.extend(noun.functions.iter().map(|f| f.name.clone()));
    let mut seen = Vec::new();
    names.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    let last = names.len() - 1;
    for (i, name) in names.iter().enumerate() {
        let _ = writeln!(out, ".Nm {name}{}", if i < last { " ," } else { "" });
    }
    let _ = writeln!(out, ".Nd {}", roff(&noun.about));
    let _ = writeln!(out, ".Sh LIBRARY\nperlipc (libperlipc, \\-lperlipc)\n.Sh SYNOPSIS\n.In perlipc.h");
    for f in &noun.functions {
        let _ = writeln!(out, ".Ft {}\n.Fo {}", quoted(&f.returns), f.name);
        for arg in &f.args {
            let _ = writeln!(out, ".Fa {}", quoted(arg));
        }
        if f.args.is_empty() {
            out += ".Fa void\n";
        }
        out += ".Fc\n";
    }
    out += ".Sh DESCRIPTION\nThe rules that hold for all functions are in\n.Xr perlipc 3 .\n";
    if !noun.items.is_empty() {
        out += ".Bl -tag -width Ds\n";
        noun.items.iter().for_each(|i| item(&mut out, i));
        out += ".El\n";
    }
    for f in &noun.functions {
        let _ = writeln!(out, ".Ss {}", f.name);
        for (i, paragraph) in paragraphs(&f.text).iter().enumerate() {
            let _ = writeln!(out, "{}{}", if i > 0 { ".Pp\n" } else { "" }, roff(paragraph));
        }
        out += ".Bl -tag -width Callbacks\n";
        for (word, text) in &f.fields {
            let _ = writeln!(out, ".It {word}\n{}", roff(text));
        }
        if f.keep {
            out += ".It Result\nmust be looked at: the compiler warns when it is dropped.\n";
        }
        out += ".El\n";
    }
    out += ".Sh SEE ALSO\n";
    let at = manual.nouns.iter().position(|n| n.name == noun.name).unwrap_or(0);
    let mut beside: Vec<String> = [at.checked_sub(1), Some(at + 1)]
        .into_iter()
        .flatten()
        .filter_map(|i| manual.nouns.get(i))
        .map(|n| format!("ipc_{}", n.name))
        .collect();
    beside.extend(["ipc_error", "perlipc"].map(str::to_owned));
    beside.retain(|name| *name != page);
    beside.sort();
    beside.dedup();
    let last = beside.len() - 1;
    for (i, name) in beside.iter().enumerate() {
        let _ = writeln!(out, ".Xr {name} 3{}", if i < last { " ," } else { "" });
    }
    out
}

/// perlipc(3): what it is, all nouns, and the rules.
fn overview(manual: &Manual) -> String {
    let mut out = head("perlipc", manual);
    out += ".Nm perlipc\n.Nd Perl\\(aqs interprocess communication for every language\n";
    out += ".Sh LIBRARY\nperlipc (libperlipc, \\-lperlipc)\n.Sh SYNOPSIS\n.In perlipc.h\n.Pp\n";
    out += ".Dl cc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs perlipc)\n.Sh DESCRIPTION\n";
    out +=
        "Signals, pipe opens, safe subprocesses, two\\-way talk, pseudo\\-terminals, sockets and servers, System V\n";
    out +=
        "semaphores, shared memory and message queues.\nEach noun has its page, and each function is a link to it:\n";
    out += ".Bl -tag -width \".Xr ipc_listener 3\"\n";
    for noun in &manual.nouns {
        let _ = writeln!(out, ".It Xr ipc_{} 3\n{}", noun.name, roff(&noun.about));
    }
    out += ".El\n.Pp\nMacros that belong to no noun:\n.Bl -tag -width Ds\n";
    manual.general.iter().for_each(|i| item(&mut out, i));
    out += ".El\n";
    markdown(&mut out, &manual.rules);
    out += ".Sh SEE ALSO\n.Xr perlipc 1 ,\n.Xr pipe 7 ,\n.Xr signal 7 ,\n.Xr sysvipc 7\n";
    out
}

/// The Markdown that docs/c-api.md uses: headings, paragraphs, lists and blocks of code.
fn markdown(out: &mut String, text: &str) {
    let (mut list, mut code, mut open) = (false, false, String::new());
    let flush = |out: &mut String, open: &mut String| {
        if !open.is_empty() {
            let _ = writeln!(out, "{}", roff(&open.replace("**", "")));
            open.clear();
        }
    };
    for line in text.lines().skip_while(|line| !line.starts_with("## ")) {
        if line.starts_with("```") {
            flush(out, &mut open);
            out.push_str(if code { ".Ed\n" } else { ".Bd -literal -offset indent\n" });
            code = !code;
        } else if code {
            let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
            let _ = writeln!(out, "{}{line}", if line.starts_with('.') { "\\&" } else { "" });
        } else if let Some(heading) = line.strip_prefix("## ") {
            flush(out, &mut open);
            if list {
                out.push_str(".El\n");
                list = false;
            }
            let _ = writeln!(out, ".Ss {}", roff(heading));
        } else if let Some(text) = line.strip_prefix("- ") {
            flush(out, &mut open);
            if !list {
                out.push_str(".Bl -bullet\n");
                list = true;
            }
            out.push_str(".It\n");
            open.push_str(text.trim());
        } else if line.is_empty() {
            flush(out, &mut open);
        } else {
            if list && open.is_empty() {
                out.push_str(".El\n");
                list = false;
            }
            if open.is_empty() {
                let begins = out.lines().next_back().is_some_and(|l| l.starts_with(".Ss") || l.starts_with(".El"));
                out.push_str(if begins { "" } else { ".Pp\n" });
            } else {
                open.push(' ');
            }
            open.push_str(line.trim());
        }
    }
    flush(out, &mut open);
    if list {
        out.push_str(".El\n");
    }
}

// ---- the book ----

/// Text for the book: `names` as code, and nothing else in it is markup.
fn rst(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('`').enumerate() {
        if i % 2 == 1 && part.is_empty() {
            // Perl's backticks, with nothing in them.
            out += "\\`\\`";
        } else if i % 2 == 1 {
            let _ = write!(out, "``{part}``");
        } else {
            out += &part.replace('\\', "\\\\").replace('*', "\\*").replace('|', "\\|").replace('_', "\\_");
        }
    }
    // A function, type or constant that is named is a link to it.
    let mut linked = String::new();
    for (i, word) in out.split(' ').enumerate() {
        if i > 0 {
            linked.push(' ');
        }
        linked += &link(word);
    }
    linked
}

fn link(word: &str) -> String {
    let plain = word.replace("\\_", "_");
    let Some(at) = ["ipc_", "PERLIPC_"].iter().filter_map(|start| plain.find(start)).min() else {
        return word.to_owned();
    };
    let name: String = plain[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let (before, after) = (&plain[..at], &plain[at + name.len()..]);
    if plain.contains('`') || name.ends_with('_') || after.starts_with('*') || after.starts_with("\\*") {
        return word.to_owned();
    }
    let after = after.strip_prefix("()").unwrap_or(after);
    let role = if name.starts_with("PERLIPC_") { "c:macro" } else { "c:func" };
    let gap = |text: &str, edge: bool| if text.is_empty() || edge { "" } else { "\\ " };
    let close = !after.starts_with(|c: char| c.is_alphanumeric() || c == '(' || c == '_');
    format!("{before}{}:{role}:`{name}`{}{after}", gap(before, before.ends_with(['(', '"', '['])), gap(after, close))
}

fn indented(text: &str) -> String {
    paragraphs(text).iter().map(|p| format!("   {}\n\n", rst(p))).collect()
}

fn book_page(noun: &Noun, general: &[Item]) -> String {
    let title = format!("ipc_{}: {}", noun.name, noun.about);
    let mut out = format!("{}\n{}\n\n", rst_title(&title), "=".repeat(title.len() + 8));
    for item in general.iter().chain(&noun.items) {
        let kind = if item.declaration.starts_with("#define") {
            format!("c:macro:: {}", item.name)
        } else if item.declaration.starts_with("typedef struct") {
            format!("c:type:: {}", item.name)
        } else {
            format!("c:type:: {}", item.declaration.trim_start_matches("typedef ").trim_end_matches(';'))
        };
        let value = item.declaration.strip_prefix(&format!("#define {} ", item.name));
        let _ = write!(out, ".. {kind}\n\n{}", indented(&item.text));
        if let Some(value) = value.filter(|v| !v.contains("word")) {
            let _ = write!(out, "   :Value: ``{value}``\n\n");
        }
    }
    for f in &noun.functions {
        let space = if f.returns.ends_with('*') { "" } else { " " };
        let args = if f.args.is_empty() { "void".to_owned() } else { f.args.join(", ") };
        let _ = write!(out, ".. c:function:: {}{space}{}({args})\n\n{}", f.returns, f.name, indented(&f.text));
        for (word, text) in &f.fields {
            let _ = writeln!(out, "   :{word}: {}", rst(text));
        }
        out.push('\n');
    }
    out
}

fn rst_title(text: &str) -> String {
    text.replace('_', "\\_").replace('*', "\\*").replace('`', "\\`")
}

fn book_index(manual: &Manual) -> String {
    let mut out = String::from("The C functions\n===============\n\n");
    out += "All of ``perlipc.h``, from its comments; the same as manual pages: ``man perlipc``, ``man ipc_popen``, and a page\n";
    out += "for each function. The rules that hold for all of them are :doc:`/c-api`.\n\n.. toctree::\n   :maxdepth: 1\n\n";
    for noun in &manual.nouns {
        let _ = writeln!(out, "   {}", noun.name);
    }
    let mut letters: BTreeMap<&str, &str> = BTreeMap::new();
    for noun in &manual.nouns {
        noun.functions.iter().for_each(|f| {
            letters.insert(&f.name, &noun.name);
        });
    }
    let _ = write!(out, "\n{} functions, by name:\n\n.. hlist::\n   :columns: 3\n\n", letters.len());
    for name in letters.keys() {
        let _ = writeln!(out, "   * :c:func:`{name}`");
    }
    out
}
