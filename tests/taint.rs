//! Perl's taint checks: each is tried by what it refuses and by its nearest neighbour that passes.

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Dir, is_root, run, run_with, skipped};
use perlipc::{Cmd, Error, taint};

common::scenarios![this_process, ids_that_differ];

/// /bin/true under the checks, with an environment of these alone.
fn with(env: &[(&str, &str)]) -> Result<(), Error> {
    let mut cmd = Cmd::new("/bin/true");
    cmd.taint(true).env_clear();
    for (name, value) in env {
        cmd.env(*name, Some(value.as_bytes()));
    }
    cmd.start().map(|child| drop(child.wait(perlipc::Deadline::NEVER)))
}

fn refusal(env: &[(&str, &str)]) -> String {
    let error = with(env).unwrap_err();
    assert_eq!((error.step(), error.errno()), ("taint", libc::EPERM));
    error.to_string()
}

/// A directory with a mode of its own, in a place of ours.
fn directory(dir: &Dir, name: &str, mode: u32) -> String {
    let path = dir.path(name);
    std::fs::create_dir(&path).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    path
}

#[test]
fn directories_of_path() {
    let dir = Dir::new("taint-path");
    let (open, sticky, shared) =
        (directory(&dir, "open", 0o777), directory(&dir, "sticky", 0o1777), directory(&dir, "shared", 0o775));
    for path in ["/bin", "/bin:/no/such", "", &format!("/bin:{shared}")] {
        with(&[("PATH", path)]).unwrap();
    }
    with(&[]).unwrap();
    for (path, named) in [
        ("/bin:.", "."),
        ("/bin:rel", "rel"),
        ("/bin:", "(empty)"),
        (":/bin", "(empty)"),
        ("/bin::/usr/bin", "(empty)"),
        (&format!("/bin:{open}"), open.as_str()),
        (&format!("{sticky}:/bin"), sticky.as_str()),
    ] {
        assert_eq!(refusal(&[("PATH", path)]), format!("taint: Insecure directory in $ENV{{PATH}}: {named}"));
    }
}

#[test]
fn variables() {
    for name in ["IFS", "CDPATH", "ENV", "BASH_ENV"] {
        assert_eq!(refusal(&[(name, "x")]), format!("taint: Insecure $ENV{{{name}}}"));
    }
    for odd in ["a;b", "a:b", "a@b"] {
        assert_eq!(refusal(&[("TERM", odd)]), "taint: Insecure $ENV{TERM}");
    }
    with(&[("TERM", "xterm-256color+x.y_z"), ("HOME", "/"), ("PERL5LIB", "x"), ("IFSX", "x")]).unwrap();
}

#[test]
fn programs() {
    let dir = Dir::new("taint-program");
    let (open, shut) = (directory(&dir, "open", 0o777), directory(&dir, "shut", 0o755));
    let program = |place: &str, mode: u32| {
        let path = format!("{place}/program");
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    };
    let refused = |path: &str| Cmd::new(path).taint(true).clean().start().unwrap_err().to_string();
    let path = program(&open, 0o755);
    assert_eq!(refused(&path), format!("taint: Insecure directory of {path}: everybody may write it"));
    let path = program(&shut, 0o757);
    assert_eq!(refused(&path), format!("taint: Insecure program: everybody may write {path}"));
    // The same program by PATH.
    let path_env = format!("/no/such:{shut}");
    let error = Cmd::new("program").taint(true).clean().env("PATH", Some(path_env.as_bytes())).start().unwrap_err();
    assert_eq!(error.to_string(), format!("taint: Insecure program: everybody may write {path}"));
    program(&shut, 0o755);
    assert!(Cmd::new(path.as_str()).taint(true).clean().run(perlipc::Deadline::NEVER).unwrap().success());
    assert_eq!(refused("bin/true"), "taint: Insecure program: bin/true is relative");
    // One that is not there is told as ever.
    let error = Cmd::new("/no/such/program").taint(true).clean().start().unwrap_err();
    assert_eq!((error.step(), error.errno()), ("exec", libc::ENOENT));
}

#[test]
fn every_way_to_start_is_checked() {
    let bad = |mut cmd: Cmd| {
        cmd.taint(true).env("IFS", Some(b"x"));
        cmd
    };
    let insecure = |error: Error| assert!(matches!(error, Error::Insecure { .. }), "{error:?}");
    insecure(bad(Cmd::new("true")).run(perlipc::Deadline::NEVER).unwrap_err());
    insecure(bad(Cmd::shell("true; true")).start().unwrap_err());
    insecure(bad(Cmd::new("true")).exec());
    insecure(perlipc::capture::run(&bad(Cmd::new("true")), None, perlipc::Deadline::NEVER).unwrap_err());
    insecure(perlipc::popen::start(&bad(Cmd::new("true")), perlipc::Mode::Read).unwrap_err());
    insecure(perlipc::pty::open(&bad(Cmd::new("true")), 24, 80).unwrap_err());
    // As an option by name, and taken back.
    let mut cmd = Cmd::new("/bin/true");
    cmd.env("IFS", Some(b"x")).option("taint", "1").unwrap();
    insecure(cmd.start().unwrap_err());
    cmd.option("taint", "0").unwrap();
    assert!(cmd.run(perlipc::Deadline::NEVER).unwrap().success());
}

#[test]
fn a_clean_environment() {
    let said = |cmd: &mut Cmd| {
        let got = perlipc::capture::run(cmd, None, perlipc::Deadline::NEVER).unwrap();
        String::from_utf8_lossy(got.output()).into_owned()
    };
    let mut names: Vec<String> = said(Cmd::new("env").clean().taint(true)).lines().map(str::to_owned).collect();
    names.retain(|line| !line.starts_with("TERM=") && !line.starts_with("LANG=") && !line.starts_with("LC_"));
    assert_eq!(names, ["PATH=/usr/bin:/bin"]);
    let env = said(Cmd::new("env").env("PATH", Some(b"/bin")).clean().env("A", Some(b"b")));
    assert!(env.contains("PATH=/bin\n") && env.contains("A=b\n"), "{env}");
}

fn this_process() {
    // SAFETY: the only thread.
    unsafe { std::env::remove_var("IFS") };
    let verdict = taint::check();
    println!("{}", verdict.map_or_else(|error| error.to_string(), |()| "safe".into()));
}

#[test]
fn the_process_itself() {
    assert_eq!(run_with("this_process", "PATH", "/bin:/usr/bin"), "safe\n");
    assert_eq!(run_with("this_process", "PATH", "/bin:."), "taint: Insecure directory in $ENV{PATH}: .\n");
    assert_eq!(run_with("this_process", "CDPATH", "/"), "taint: Insecure $ENV{CDPATH}\n");
}

fn ids_that_differ() {
    // SAFETY: plain numbers; the only thread.
    unsafe {
        std::env::set_var("PATH", "/bin:/usr/bin");
        assert_eq!(libc::setegid(65534), 0);
    }
    assert_eq!(
        taint::check().unwrap_err().to_string(),
        "taint: Insecure ids: the real group is 0, the effective one 65534"
    );
    // SAFETY: as above.
    unsafe { assert_eq!(libc::seteuid(65534), 0) };
    assert_eq!(
        taint::check().unwrap_err().to_string(),
        "taint: Insecure ids: the real user is 0, the effective one 65534"
    );
    assert!(Cmd::new("/bin/true").taint(true).clean().start().is_err());
    // SAFETY: as above.
    unsafe { assert_eq!(libc::seteuid(0), 0) };
    // A child that gets ids of its own has no others.
    let mut cmd = Cmd::new("/bin/true");
    cmd.taint(true).clean().user(Some("65534"), Some("65534"));
    assert!(cmd.run(perlipc::Deadline::NEVER).unwrap().success());
}

#[test]
fn ids() {
    if is_root() {
        run("ids_that_differ");
    } else {
        skipped("ids that differ", "not root");
    }
}
