# perlipc: `make` builds, `make demo` shows, `make test` tests; `make install PREFIX=/usr/local DESTDIR=`.
CARGO ?= cargo
RUSTC ?= rustc
CC ?= gcc
PYTHON ?= python3
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
PLACES = PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' INCLUDEDIR='$(INCLUDEDIR)' DATADIR='$(DATADIR)' MANDIR='$(MANDIR)' \
	DESTDIR='$(DESTDIR)' VERSION='$(VERSION)'
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release
VENV := .venv

.PHONY: all lib header man docs demo test soak release-check bench install uninstall clean venv wheel lint

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

# The manual pages, from the comments of include/perlipc.h.
man: build/manual include/perlipc.h docs/c-api.md
	@rm -rf build/man
	@build/manual man build/man

build/manual: tools/manual.rs
	@mkdir -p build
	$(RUSTC) --edition 2024 $< -o $@

venv: $(VENV)/ready

$(VENV)/ready: bindings/python/requirements-test.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -r bindings/python/requirements-test.txt
	@touch $@

# The Python package, built and installed into the venv; in a directory of its own, since its library has no C surface.
wheel: venv
	CARGO_TARGET_DIR=$(abspath $(dir $(RELEASE)))/python VIRTUAL_ENV=$(abspath $(VENV)) $(VENV)/bin/maturin develop --release --quiet -m bindings/python/Cargo.toml

# The book, in build/book/html, its links checked.
docs: man wheel $(VENV)/docs-ready
	@tools/book

# Where pip cannot have it, `make test` goes on, and says that the book is skipped.
$(VENV)/docs-ready: docs/requirements.txt $(VENV)/ready
	$(VENV)/bin/pip install --quiet -r docs/requirements.txt && touch $@ || echo 'pip could not install Sphinx'

demo: lib wheel
	@tools/demo

test: lib wheel $(VENV)/docs-ready
	@tests/run

soak: lib wheel $(VENV)/docs-ready
	@PERLIPC_SOAK=1 tests/run

# What is too slow for every day: abidiff, cargo-c, the sdist, all tests with each Python, a dry run of publishing.
release-check: lib docs
	@tests/run release

bench: lib wheel
	@benches/run

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --features header,faults -- -D warnings

# Both work from one list, tools/install.
install: lib man
	@$(PLACES) tools/install put

uninstall: man
	@$(PLACES) tools/install remove

clean:
	$(CARGO) clean
	rm -rf build $(VENV)
