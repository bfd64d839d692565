'use strict';

// Waits in the call that is named until Ctrl-C has reached Node's own handler: see tests/ctrl_c.
const ipc = require('./perlipc.js');

const idle = () => new ipc.Cmd(['sleep', '60']);
const [reader, writer] = ipc.pipe();
const sem = { made: null };
const name = `@perlipc-node-${process.pid}`;
let child = null;
const started = () => (child = ipc.start(idle()));
const calls = {
  readline: () => reader.readline(),
  read: () => reader.read(),
  eof: () => reader.eof(),
  write: () => writer.write('x'.repeat(2 ** 20)),
  close: () => { const stream = ipc.open('-|', idle()); child = stream.child; return stream.close(); },
  wait: () => started().wait(),
  waitAny: () => started() && ipc.waitAny(),
  waitPid: () => ipc.waitPid(started().pid),
  // What is left of it ends by itself.
  capture: () => ipc.capture(new ipc.Cmd(['sleep', '5'])),
  expect: () => reader.expect(['never'], Infinity),
  accept: () => ipc.tcpListen('127.0.0.1').accept(),
  connect: async () => {
    calls.listener = ipc.unixListen(name, 'backlog=0');
    calls.first = await ipc.unixConnect(name);
    return ipc.unixConnect(name);
  },
  sem: () => (sem.made = ipc.Sem.create([0])).take(),
  next: () => { ipc.signal.queue('USR1'); return ipc.signal.next(); },
};

if (process.argv.length < 3) {
  console.log(Object.keys(calls).join('\n'));
} else {
  process.on('SIGINT', () => {
    console.log('interrupted');
    child?.kill('KILL');
    sem.made?.remove();
    // A thread of libuv's pool is still in the call: exit would wait for it.
    process.kill(process.pid, 'SIGKILL');
  });
  console.log('ready');
  calls[process.argv[2]]().then(() => console.log('came back'), (error) => console.log(error.message));
}
