//! The magic ARGV: whatever the names say, each is read or told of, in their order, and no record reaches from one into
//! the next. Names are put together from pieces that harm nobody, since those that end in `|` are run. The working
//! directory has the files "a" and "b" to read, and standard input is empty.

use std::sync::{Arc, Mutex};

use perlipc::argv::Argv;

const PIECES: &[&[u8]] = &[
    b"a", b"b", b"missing", b"-", b"<", b"<&", b"=", b"0", b"99", b">", b"|", b"+", b" ", b"\t", b"\0", b"\xff", b"./",
    b"echo x", b"exit 3", b";",
];

pub fn run(data: &[u8]) {
    let (options, data) = data.split_first().unwrap_or((&0, &[]));
    let names: Vec<Vec<u8>> = data
        .split(|byte| *byte % 5 == 0)
        .take(6)
        .map(|name| name.iter().take(5).flat_map(|byte| PIECES[usize::from(*byte) % PIECES.len()]).copied().collect())
        .collect();
    let mut argv = Argv::open(names.clone(), options & 1 == 1);
    let told = Arc::new(Mutex::new(Vec::new()));
    let to = told.clone();
    argv.report(move |name, error| {
        assert!(!error.to_string().contains('\n'), "{error}");
        to.lock().unwrap().push(name.to_vec());
    });
    let (mut records, mut from) = (0, 0);
    while let Some(record) = argv.readline().unwrap() {
        assert!(!record.is_empty() && !record[..record.len() - 1].contains(&b'\n'), "{record:?}");
        records += 1;
        assert_eq!(argv.lineno(), records);
        // In their order: this one is not before the one that was read last.
        let name = argv.name().to_vec();
        match names[from..].iter().position(|given| *given == name) {
            Some(later) => from += later,
            None => panic!("{name:?} is none of {names:?} from {from} on"),
        }
        assert!(records < 100, "more than there is");
    }
    assert!(argv.eof_all().unwrap());
    let told = told.lock().unwrap();
    assert!(told.len() <= names.len() && told.iter().all(|name| names.contains(name)), "{told:?}");
    let _ = argv.close();
}
