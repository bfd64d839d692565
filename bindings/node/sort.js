'use strict';

// `sort` through open2 under a deadline, and what a command that is not there and one that is too slow look like.
const ipc = require('./perlipc.js');

async function main() {
  const { reader, writer } = ipc.open2(['sort']);
  reader.deadline(5000);
  await writer.write('pear\napple\nfig\n');
  await writer.close();
  for await (const line of reader) process.stdout.write(line);
  console.log(`sort ${await reader.close()}`);

  try {
    ipc.open2(['/no/such/sort']);
  } catch (error) {
    console.log(error.message);
  }

  const slow = ipc.open2(['sleep', '60']).reader;
  slow.deadline(50);
  await slow.readline().catch((error) => console.log(error.code));
  console.log(`sleep ${await slow.child.end()}`);
}

main();
