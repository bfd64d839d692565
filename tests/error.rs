//! Errors: step, thing, reason, on one line.

use perlipc::*;

#[test]
fn every_kind_has_step_errno_and_one_line() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    reader.timeout(Some(std::time::Duration::ZERO));
    reader.line_limit(Some(1)).unwrap();
    let timeout = reader.read(&mut [0; 1]).unwrap_err();
    writer.write(b"long").unwrap();
    let too_long = reader.readline().unwrap_err();
    reader.canceler().cancel();
    let mut all = Vec::new();
    let canceled = reader.read_to_end(&mut all).unwrap_err();
    reader.close().unwrap();
    let closed = reader.close().unwrap_err();
    let cases = [
        (Cmd::new("/no/such").start().unwrap_err(), "exec", "/no/such", libc::ENOENT),
        (popen::open("| cat |").unwrap_err(), "open", "", libc::EINVAL),
        (Child::adopt(1).unwrap_err(), "adopt", "1", libc::ECHILD),
        (timeout, "read", "", libc::ETIMEDOUT),
        (canceled, "read", "", libc::ECANCELED),
        (too_long, "readline", "", libc::EMSGSIZE),
        (closed, "close", "", libc::EBADF),
        (writer.write(b"x").unwrap_err(), "write", "", libc::EPIPE),
    ];
    for (error, step, path, errno) in cases {
        assert_eq!((error.step(), error.path(), error.errno()), (step, path, errno), "{error}");
        assert_eq!(error.is_timeout(), errno == libc::ETIMEDOUT);
        let text = error.to_string();
        assert!(text.starts_with(step) && text.contains(": ") && !text.contains('\n'), "{text}");
        let kind = std::io::Error::from_raw_os_error(errno).kind();
        let io: std::io::Error = error.clone().into();
        assert_eq!((io.kind(), io.to_string()), (kind, text));
        assert_eq!(error, error.clone());
    }
}

#[test]
fn what_came_before_a_cancel_is_delivered() {
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    writer.write(b"said\nhalf").unwrap();
    assert_eq!(reader.readline().unwrap(), Some(&b"said\n"[..]));
    reader.canceler().cancel();
    let mut all = Vec::new();
    assert_eq!(reader.read_to_end(&mut all).unwrap_err().errno(), libc::ECANCELED);
    assert_eq!(all, b"half");
}

#[test]
fn a_name_that_is_no_text() {
    let error = Cmd::new(b"/no/such\xff".as_slice()).start().unwrap_err();
    assert_eq!(error.path_bytes(), b"/no/such\xff");
    assert_eq!(error.to_string(), "exec /no/such\u{fffd}: No such file or directory");
    let error = Cmd::new("true").dir(b"/no\xfe".as_slice()).start().unwrap_err();
    assert_eq!((error.step(), error.path_bytes()), ("chdir", b"/no\xfe".as_slice()));
}
