//! Pipelines, from a user's side.

mod common;

use std::time::{Duration, Instant};

use perlipc::{Cmd, Deadline, Error, pipeline};

/// Rust's runtime ignores SIGPIPE, which is not the user's wish.
fn plain(program: &str) -> Cmd {
    let mut cmd = Cmd::new(program);
    cmd.default_signals(["PIPE"]);
    cmd
}

#[test]
fn three_commands_without_a_shell() {
    let cmds = [Cmd::argv(["printf", "b\\na\\nb\\n"]), Cmd::argv(["sort", "-u"]), Cmd::argv(["tr", "a-z", "A-Z"])];
    let said = pipeline::run(&cmds, None, Deadline::NEVER).unwrap();
    assert_eq!(said.output(), b"A\nB\n");
    assert!((0..3).all(|stage| said.stage_ok(stage)));
}

#[test]
fn all_statuses_and_errors_are_kept() {
    let cmds = [Cmd::shell("echo one >&2; exit 3;"), Cmd::shell("cat; exit 4;"), Cmd::shell("cat; echo two >&2;")];
    let said = pipeline::run(&cmds, None, Deadline::NEVER).unwrap();
    assert_eq!(said.stages().iter().map(|status| status.code()).collect::<Vec<_>>(), [Some(3), Some(4), Some(0)]);
    assert!(said.status().success());
    assert_eq!(said.errors(), b"one\ntwo\n");
    assert_eq!([0, 1, 2].map(|stage| said.stage_ok(stage)), [false, false, true]);
}

#[test]
fn a_stage_that_is_not_listened_to_any_more_has_not_failed() {
    let said = pipeline::run(&[plain("yes"), Cmd::argv(["head", "-n", "2"])], None, Deadline::NEVER).unwrap();
    assert_eq!(said.output(), b"y\ny\n");
    assert_eq!(said.stages()[0].signal(), Some(libc::SIGPIPE));
    assert!(said.stage_ok(0) && said.stage_ok(1) && !said.stage_ok(2));
    let mut killed = Cmd::shell("kill -PIPE $$");
    killed.default_signals(["PIPE"]);
    let said = pipeline::run(&[killed], None, Deadline::NEVER).unwrap();
    assert!(!said.stage_ok(0), "of the last it is a failure");
}

#[test]
fn input_is_fed_and_large_amounts_flow() {
    let input = vec![b'x'; 4 << 20];
    let said = pipeline::run(&[Cmd::new("cat"), Cmd::new("cat")], Some(&input), Deadline::NEVER).unwrap();
    assert!(said.output() == input);
}

#[test]
fn the_deadline_ends_all_of_them() {
    let since = Instant::now();
    let cmds = [Cmd::argv(["sleep", "100"]), Cmd::shell("echo said; exec sleep 100")];
    let run = |deadline| pipeline::run(&cmds, None, deadline).unwrap();
    let said = common::when_it_came(run, |said| !said.output().is_empty());
    assert!(said.timed_out() && since.elapsed() < Duration::from_secs(60));
    assert_eq!(said.output(), b"said\n");
    assert!(said.stages().iter().all(|status| status.signal() == Some(libc::SIGTERM)));
}

#[test]
fn a_stage_that_cannot_start_ends_the_others() {
    let error = pipeline::run(&[Cmd::argv(["sleep", "100"]), Cmd::new("nosuch_xyz")], None, Deadline::NEVER);
    assert_eq!(error.unwrap_err().errno(), libc::ENOENT);
    assert!(matches!(pipeline::run(&[], None, Deadline::NEVER), Err(Error::Invalid { .. })));
    let mut placed = Cmd::new("cat");
    placed.redirect(1, "null");
    assert!(matches!(pipeline::run(&[placed], None, Deadline::NEVER), Err(Error::Invalid { .. })));
}
