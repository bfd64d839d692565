//! Names and addresses, from a user's side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use perlipc::addr::{self, Addr, For};
use perlipc::{Deadline, Error};

#[test]
fn packed_addresses_as_perl_has_them() {
    let packed = addr::pack_in(80, [127, 0, 0, 1]);
    assert_eq!(packed[..], [&[2, 0, 0, 80, 127, 0, 0, 1][..], &[0; 8]].concat());
    assert_eq!(addr::unpack_in(&packed).unwrap(), (80, [127, 0, 0, 1]));
    let error = addr::inet_ntoa(&[1, 2, 3]).unwrap_err();
    assert_eq!(error.to_string(), "address: bad arg length for inet_ntoa, length is 3, should be 4");
    let error = addr::unpack_in(&packed[..15]).unwrap_err();
    assert_eq!(error.to_string(), "address: bad arg length for unpack_sockaddr_in, length is 15, should be 16");
    let error = addr::unpack_un(&packed).unwrap_err();
    assert_eq!(error.to_string(), "address: bad address family for unpack_sockaddr_un, got 2, should be 1");
    assert!(addr::family(&[1]).is_err());
    let six = addr::pack_in6(37, [7; 16], 3, 0x12345);
    assert_eq!(six.len(), 28);
    assert_eq!(addr::unpack_in6(&six).unwrap(), (37, [7; 16], 3, 0x12345));
    assert!(addr::unpack_in6(&packed).is_err());

    assert_eq!(addr::pack_un(b"/tmp/s").unwrap().len(), 110);
    assert_eq!(addr::unpack_un(&addr::pack_un(b"/tmp/s").unwrap()).unwrap(), b"/tmp/s");
    let whole = [b'x'; 108];
    assert_eq!(addr::unpack_un(&addr::pack_un(&whole).unwrap()).unwrap(), whole);
    assert_eq!(addr::pack_un(&[b'x'; 109]).unwrap_err().errno(), libc::ENAMETOOLONG);
    assert_eq!(addr::pack_un(b"\0name").unwrap().len(), 7);
    assert_eq!(addr::unpack_un(&addr::pack_un(b"\0name").unwrap()).unwrap(), b"\0name");
    assert!(matches!(addr::pack_un(b"a\0b"), Err(Error::Invalid { .. })));
}

/// The same bytes from perl itself.
#[test]
fn perl_packs_the_same() {
    let ask = |program: &str| {
        let output = std::process::Command::new("perl").args(["-MSocket=:all", "-e", program]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    assert_eq!(ask("print pack_sockaddr_in(8080,inet_aton('10.1.2.3'))"), addr::pack_in(8080, [10, 1, 2, 3]).to_vec());
    let ip: std::net::Ipv6Addr = "2001:db8::1".parse().unwrap();
    assert_eq!(
        ask("print pack_sockaddr_in6(8080,inet_pton(AF_INET6,'2001:db8::1'))"),
        addr::pack_in6(8080, ip.octets(), 0, 0).to_vec()
    );
    assert_eq!(ask("print pack_sockaddr_un('/tmp/catsock')"), addr::pack_un(b"/tmp/catsock").unwrap());
    assert_eq!(ask("print pack_sockaddr_un(\"\\0abs\")"), addr::pack_un(b"\0abs").unwrap());
    for text in ["127.1", "0x7f.1", "010.0.0.1", "1.2.3.4", "2130706433", "1.2.3", "255.255.255.255", "4294967295"] {
        assert_eq!(ask(&format!("print inet_aton('{text}')")), addr::inet_aton(text).unwrap(), "{text}");
    }
    let texts = [
        "::",
        "::1",
        "::1:0",
        "::1.2.3.4",
        "::ffff:1.2.3.4",
        "::ffff:0:1.2.3.4",
        "64:ff9b::1.2.3.4",
        "1:0:0:2::",
        "1::2:3",
        "2001:db8:0:0:1:0:0:1",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:1.2.3.4",
        "ABCD::EF",
        "0:0:0:0:0:1::",
        "1::2::3",
        "12345::",
        "::00001",
        ":1:2:3:4:5:6:7",
        "::1.2.3.04",
        "::1.2.3",
        "1:2:3:4:5:6:7:8::",
        "::1 ",
        "::1%1",
        "",
    ];
    let program = "print join ' ',map{my $ip=inet_pton AF_INET6,$_;defined $ip?inet_ntop AF_INET6,$ip:'none'}";
    let theirs = String::from_utf8(ask(&format!("{program}'{}'", texts.join("','")))).unwrap();
    let ours = texts.map(|text| match addr::inet_pton(libc::AF_INET6, text).unwrap() {
        Some(ip) => addr::inet_ntop(libc::AF_INET6, &ip).unwrap(),
        None => "none".to_owned(),
    });
    assert_eq!(theirs, ours.join(" "));
}

#[test]
fn text_that_is_no_address() {
    for text in [
        "",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.256",
        "4294967296",
        "0x",
        "08.1",
        "+1",
        "1..2",
        "-1",
    ] {
        assert_eq!(addr::inet_aton(text), None, "{text:?}");
    }
    assert_eq!(addr::inet_pton(libc::AF_INET, "1.2").unwrap(), None);
    assert_eq!(addr::inet_pton(libc::AF_INET6, "::1").unwrap().unwrap().len(), 16);
    assert_eq!(addr::inet_pton(99, "1.2").unwrap_err().errno(), libc::EAFNOSUPPORT);
    let ip = addr::inet_pton(libc::AF_INET6, "2001:db8::1").unwrap().unwrap();
    assert_eq!(addr::inet_ntop(libc::AF_INET6, &ip).unwrap(), "2001:db8::1");
    assert!(addr::inet_ntop(libc::AF_INET, &ip).is_err());
    for text in ["127.0.0.1", "nowhere:80", "[::1]", "a\0b/c", "1.2.3.4:65536"] {
        assert!(text.parse::<Addr>().is_err(), "{text:?}");
    }
}

#[test]
fn the_scope_of_an_address_may_be_an_interfaces_name() {
    let lo = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap();
    assert_eq!(Addr::parse("[fe80::1%lo]:80").unwrap().to_string(), format!("[fe80::1%{}]:80", lo.trim()));
    for text in [
        "[fe80::1%nowhere]:80",
        "[fe80::1%lo]:",
        "[fe80::1%lo]:+8",
        "[1.2.3.4%lo]:80",
        "[fe80::1%]:8",
        "[fe80::1%lo\0]:8",
    ] {
        assert!(Addr::parse(text).is_err(), "{text}");
    }
}

#[test]
fn addresses_as_text_both_ways() {
    for text in ["127.0.0.1:37", "[::1]:37", "[fe80::1%2]:80", "/tmp/sock", "./sock", "@name", "@", "@\0", "@a\0"] {
        let addr: Addr = text.parse().unwrap();
        assert_eq!(addr.to_string(), text);
        assert_eq!(Addr::unpack(&addr.pack().unwrap()).unwrap(), addr, "{text}");
    }
    // Names of NULs alone are names; what Perl packs where there is none is not.
    for name in [&[0][..], &[0; 2], &[0; 107]] {
        assert_eq!(addr::unpack_un(&addr::pack_un(name).unwrap()).unwrap(), name);
    }
    assert_eq!(addr::unpack_un(&addr::pack_un(b"").unwrap()).unwrap(), b"");
    assert_eq!(Addr::unix(b"\0name"), Addr::Abstract(b"name".to_vec()));
    assert_eq!(Addr::unpack(&[1, 0]).unwrap(), Addr::Unnamed);
    let addr = Addr::from("127.0.0.1:37".parse::<SocketAddr>().unwrap());
    assert_eq!((addr.port(), addr.ip()), (Some(37), Some(IpAddr::V4(Ipv4Addr::LOCALHOST))));
}

#[test]
fn services_and_protocols() {
    assert_eq!(addr::service("time", Some("tcp")).unwrap().port, 37);
    assert_eq!(addr::service("domain", Some("udp")).unwrap().port, 53);
    assert_eq!(addr::service_by_port(80, Some("tcp")).unwrap().name, "http");
    let error = addr::service("nosuchsvc", Some("tcp")).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.errno()),
        ("service nosuchsvc: not in the system's list", libc::ENOENT)
    );
    assert!(addr::service("HTTP", Some("tcp")).is_err());
    assert!(addr::service("time", Some("xxx")).is_err());
    assert!(addr::service("a\0b", None).is_err());
    let tcp = addr::protocol("TCP").unwrap();
    assert_eq!((tcp.name.as_str(), tcp.aliases, tcp.number), ("tcp", vec!["TCP".to_owned()], 6));
    assert_eq!(addr::protocol_by_number(17).unwrap().name, "udp");
    assert!(addr::protocol("nosuchproto").is_err());
    assert_eq!(addr::port("8080", "tcp").unwrap(), 8080);
    assert_eq!(addr::port("nosuchsvc(99)", "tcp").unwrap(), 99);
    assert_eq!(addr::port("time(99)", "tcp").unwrap(), 37);
    assert!(matches!(addr::port("65536", "tcp"), Err(Error::Invalid { .. })));
}

#[test]
fn hosts() {
    let found = addr::resolve(Some("127.0.0.1"), "80", For::Tcp, Deadline::NOW).unwrap();
    assert_eq!(found, ["127.0.0.1:80".parse().unwrap()]);
    assert_eq!(
        addr::resolve(Some("127.1"), "time", For::Udp, Deadline::NOW).unwrap(),
        ["127.0.0.1:37".parse().unwrap()]
    );
    assert_eq!(addr::resolve(Some("::1"), "80", For::Tcp, Deadline::NOW).unwrap(), ["[::1]:80".parse().unwrap()]);
    let found = addr::resolve(Some("localhost"), "80", For::Tcp, Deadline::NEVER).unwrap();
    assert!(found.iter().all(|addr| addr.ip().is_loopback() && addr.port() == 80) && !found.is_empty(), "{found:?}");
    let error = addr::resolve(Some("no.such.host.invalid"), "80", For::Tcp, Deadline::after_ms(20_000)).unwrap_err();
    assert!(matches!(&error, Error::Lookup { path, .. } if path == "no.such.host.invalid"), "{error}");
    assert!(addr::resolve(Some("a\0b"), "80", For::Tcp, Deadline::NEVER).is_err());
    assert!(addr::resolve(Some(""), "80", For::Tcp, Deadline::NEVER).is_err());
    assert_eq!(addr::host(IpAddr::V4(Ipv4Addr::LOCALHOST), Deadline::NEVER).unwrap(), "localhost");
    assert!(!addr::hostname().unwrap().is_empty());
}

#[test]
fn a_lookup_ends_at_the_deadline() {
    let begin = Instant::now();
    // No answer can be there at once: a thread has to be started first.
    let error = addr::resolve(Some("no.such.host.invalid"), "80", For::Tcp, Deadline::NOW).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}
