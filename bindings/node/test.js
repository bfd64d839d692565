'use strict';

// The Node binding: each noun once, its declarations against include/perlipc.json, and what Node's runtime adds.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const ipc = require('./perlipc.js');

const text = (stream) => stream.setEncoding('utf8');
const fails = async (code, call) => {
  try {
    await call();
  } catch (error) {
    assert.strictEqual(error.code, code, error.stack);
    return error;
  }
  return assert.fail(`no ${code}`);
};
const until = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

const tests = {
  declarations() {
    const surface = JSON.parse(fs.readFileSync(path.join(__dirname, '../../include/perlipc.json')));
    for (const [name, value] of Object.entries(ipc.constants)) assert.strictEqual(surface.constants[name], value, name);
    const tight = (prototype) => prototype.replaceAll('* ', '*');
    const prototypes = Object.fromEntries(surface.functions.map(({ name, returns, args }) => (
      [name, tight(`${returns} ${name}(${args.map((arg) => `${arg.type} ${arg.name}`).join(', ') || 'void'})`)])));
    for (const prototype of ipc.prototypes) assert.strictEqual(tight(prototype), prototypes[prototype.match(/(ipc_\w+)\(/)[1]]);
  },

  async errors() {
    const error = await fails('ENOENT', () => ipc.open2(['/no/such/program']));
    assert.deepStrictEqual([error.message, error.step, error.path, error.errno],
      ['exec /no/such/program: No such file or directory', 'exec', '/no/such/program', 2]);
    await fails('PERLIPC_E_INVALID', () => ipc.open('no bar'));
    await fails('ENOENT', () => ipc.start(new ipc.Cmd(['true'], { dir: '/no/such' })));
    assert.throws(() => ipc.open('-|', ['echo', 'a\0b']), TypeError); // never cut without a word
    assert.throws(() => ipc.open('echo a\0b |'), TypeError);
    await assert.rejects(ipc.unixConnect('a\0b'), TypeError);
  },

  async signals() {
    ipc.signal.queue('USR2');
    assert.strictEqual(await ipc.signal.next(0), null);
    ipc.signal.kill('USR2', process.pid);
    assert.strictEqual(await ipc.signal.next(10000), 'USR2');
    ipc.signal.kill('USR2', process.pid);
    assert.deepStrictEqual(ipc.signal.poll(), { name: 'USR2', pid: process.pid, uid: process.getuid(), value: 0, count: 1 });
    assert.strictEqual(ipc.signal.disposition('USR2'), 'QUEUE');
    ipc.signal.default('USR2');
  },

  async popen() {
    const stream = text(ipc.open("printf 'one\\ntwo\\n'; exit 3 |"));
    const lines = [];
    for await (const line of stream) lines.push(line);
    assert.deepStrictEqual(lines, ['one\n', 'two\n']);
    const status = await stream.close();
    assert.deepStrictEqual([status.code, status.signal, status.ok, `${status}`], [3, null, false, 'exited with 3']);
    assert.strictEqual(await text(ipc.open('-|', ['echo', '$HOME;'])).read(), '$HOME;\n');
    const writer = ipc.open('|-', ['sh', '-c', 'read x; [ $x = hello ]']);
    await writer.write('hello\n');
    assert.ok((await writer.close()).ok);
    assert.strictEqual((await ipc.run('kill $$')).signal, 'TERM');
  },

  async streams() {
    const [reader, writer] = ipc.pipe();
    reader.separator(':');
    await writer.write(Buffer.from([97, 58, 0, 58, 255]));
    await writer.close();
    assert.deepStrictEqual(await reader.readline(), Buffer.from('a:'));
    assert.deepStrictEqual(await reader.readline(), Buffer.from([0, 58]));
    assert.deepStrictEqual(await reader.read(), Buffer.from([255]));
    assert.strictEqual(await reader.readline(), null);
  },

  async open2() {
    const { reader, writer, pid } = ipc.open2(['cat', '-u']);
    assert.strictEqual(text(reader).child.pid, pid);
    for (let i = 0; i < 10; i++) {
      await writer.write('stuff\n');
      assert.strictEqual(await reader.readline(), 'stuff\n');
    }
    reader.timeout(20);
    await fails('ETIMEDOUT', () => reader.readline());
    reader.timeout();
    await writer.close();
    assert.strictEqual(`${await reader.close()}`, 'exited with 0');
    const three = ipc.open3(['sh', '-c', 'echo out; echo err >&2']);
    assert.strictEqual(await text(three.reader).read() + await text(three.error).read(), 'out\nerr\n');
  },

  async capture() {
    const said = await ipc.capture(['sh', '-c', 'tr a-z A-Z; echo no >&2; exit 4'], { input: 'loud\n'.repeat(1e5), encoding: 'utf8' });
    assert.ok(said.output === 'LOUD\n'.repeat(1e5));
    assert.deepStrictEqual([said.errors, said.status.code, said.fed], ['no\n', 4, 5e5]);
    let partial;
    for (const time of [200, 800, 3200, 12800]) { // as much time as it needs
      ({ partial } = await fails('ETIMEDOUT', () => ipc.capture('echo begun; exec sleep 60', { time, encoding: 'utf8' })));
      if (partial.output) break;
    }
    assert.deepStrictEqual([partial.output, `${partial.status}`, partial.timedOut], ['begun\n', 'killed by TERM', true]);
    assert.strictEqual(`${(await fails('ETIMEDOUT', () => ipc.run(['sleep', '60'], 20))).partial}`, 'killed by TERM');
    const cmd = new ipc.Cmd('echo $A; pwd', { env: { A: 'hello' }, dir: '/' });
    assert.strictEqual((await ipc.capture(cmd, { encoding: 'utf8' })).output, 'hello\n/\n');
    // A signal that Node has a handler for ends no command.
    let heard = 0;
    const handler = () => heard++;
    process.on('SIGUSR2', handler);
    assert.strictEqual((await ipc.capture(`kill -USR2 ${process.pid}; sleep 0.1; echo on`, { encoding: 'utf8' })).output, 'on\n');
    assert.strictEqual(heard, 1);
    process.off('SIGUSR2', handler);
  },

  async expect() {
    const shell = text(ipc.pty(['sh', '-c', 'while read x; do echo "got $x."; done']));
    await shell.write('6*7\nsix\n');
    assert.strictEqual(await shell.expect(['nothing', /got (\w+)\./], 10000), 1);
    assert.deepStrictEqual([shell.before, shell.match(), shell.match(1)], ['got 6*7.\n', 'got six.', 'six']);
    await fails('ETIMEDOUT', () => shell.expect(['nothing'], 10));
    assert.strictEqual(await shell.expect(['nothing', ipc.TIMEOUT], 10), 1);
    await shell.write('\x04');
    assert.strictEqual(await shell.expect([ipc.EOF]), 0);
    assert.ok((await shell.close()).ok);
  },

  async tcp() {
    const listener = ipc.tcpListen('127.0.0.1');
    const [server, client] = await Promise.all([listener.accept(10000), ipc.tcpConnect('127.0.0.1', listener.port, { time: 10000 })]);
    assert.deepStrictEqual([server.peer, listener.addr], [client.addr, `127.0.0.1:${listener.port}`]);
    await client.write('question\n');
    await client.shutdown();
    assert.strictEqual(await text(server).read(), 'question\n');
    await server.write('answer');
    await server.close();
    assert.strictEqual(await text(client).read(), 'answer');
    await fails('ETIMEDOUT', () => listener.accept(10));
  },

  async sem() {
    const sem = ipc.Sem.create([1]);
    await sem.take();
    await fails('ETIMEDOUT', () => sem.take(0, 10));
    sem.give();
    assert.strictEqual(sem.value(), 1);
    sem.remove();
    await fails('EINVAL', () => sem.value());
  },

  // While a call waits the loop goes on, and can end it.
  async cancel() {
    const [reader] = ipc.pipe();
    let ticks = 0;
    const timer = setInterval(() => { if (++ticks === 5) reader.cancel(); }, 2);
    await fails('PERLIPC_E_CANCELED', () => reader.readline());
    clearInterval(timer);
    assert.ok(ticks >= 5);
  },

  // Many more children than the pool has threads.
  async exited() {
    const codes = await Promise.all(Array.from({ length: 30 }, async (_, i) => (await ipc.start(`sleep 0.05; exit ${i}`).exited()).code));
    assert.deepStrictEqual(codes, Array.from({ length: 30 }, (_, i) => i));
  },

  // The descriptors of streams, children and signals in Node's own loop, which takes pipes.
  async loop() {
    const { reader, writer } = ipc.open2(['sh', '-c', 'read x; echo $x; kill -USR2 $PPID']);
    ipc.signal.queue('USR2');
    const got = [];
    let end;
    const signaled = new Promise((resolve) => { end = ipc.signal.watch(({ name }) => resolve(got.push(name))); });
    const { child } = reader;
    const out = reader.socket(), into = writer.socket();
    let said = '';
    out.setEncoding('utf8').on('data', (data) => { said += data; });
    into.end('here\n');
    await Promise.all([until(out, 'end'), signaled]);
    assert.strictEqual(said, 'here\n');
    assert.deepStrictEqual(got, ['USR2']);
    assert.ok((await child.exited()).ok);
    end();
    ipc.signal.default('USR2');
  },
};

async function main() {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`node: ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED node: ${name}: ${error.stack}`);
    }
  }
  console.log(`node: ${Object.keys(tests).length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed ? 1 : 0;
}

main();
