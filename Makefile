# perlipc: `make` builds, `make demo` shows, `make test` tests; `make install PREFIX=/usr/local DESTDIR=`.
CARGO ?= cargo
CC ?= gcc
PYTHON ?= python3
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release
VENV := .venv

.PHONY: all lib header demo test soak bench check-header install uninstall clean venv wheel lint

all: lib

# The shared and the static library, in build/lib as they are installed.
lib:
	$(CARGO) build --release
	@mkdir -p build/lib
	@tools/archive $(RELEASE)/libperlipc.a build/lib/libperlipc.a
	@cp $(RELEASE)/libperlipc.so build/lib/libperlipc.so.$(VERSION)
	@ln -sf libperlipc.so.$(VERSION) build/lib/libperlipc.so.0
	@ln -sf libperlipc.so.0 build/lib/libperlipc.so

# include/perlipc.h, include/perlipc.json and the list of prototypes, from src/ffi.
header:
	$(CARGO) build --features header
	@tests/abi/prototypes --update

venv: $(VENV)/ready

$(VENV)/ready: bindings/python/requirements-test.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -r bindings/python/requirements-test.txt
	@touch $@

# The Python package, built and installed into the venv; in a directory of its own, since its library has no C surface.
wheel: venv
	CARGO_TARGET_DIR=$(abspath $(dir $(RELEASE)))/python VIRTUAL_ENV=$(abspath $(VENV)) $(VENV)/bin/maturin develop --release --quiet -m bindings/python/Cargo.toml

demo: lib wheel
	@tools/demo

test: lib wheel
	@tests/run

soak: lib wheel
	@PERLIPC_SOAK=1 tests/run

bench: lib wheel
	@benches/run

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --features header,faults -- -D warnings

install: lib
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	install -m 644 include/perlipc.h $(DESTDIR)$(INCLUDEDIR)/perlipc.h
	install -m 644 build/lib/libperlipc.a $(DESTDIR)$(LIBDIR)/libperlipc.a
	install -m 755 build/lib/libperlipc.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libperlipc.so.$(VERSION)
	ln -sf libperlipc.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libperlipc.so.0
	ln -sf libperlipc.so.0 $(DESTDIR)$(LIBDIR)/libperlipc.so
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
		tools/perlipc.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/perlipc.pc

uninstall:
	rm -f $(DESTDIR)$(INCLUDEDIR)/perlipc.h $(DESTDIR)$(LIBDIR)/libperlipc.a $(DESTDIR)$(LIBDIR)/libperlipc.so \
		$(DESTDIR)$(LIBDIR)/libperlipc.so.0 $(DESTDIR)$(LIBDIR)/libperlipc.so.$(VERSION) \
		$(DESTDIR)$(LIBDIR)/pkgconfig/perlipc.pc

clean:
	$(CARGO) clean
	rm -rf build $(VENV)
