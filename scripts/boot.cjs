// The first thing that runs in the binary: it compiles the program, or rather takes what the build
// compiled of it. Plain JavaScript, for Node's single executables take nothing else.
const { getRawAsset } = require('node:sea');
const { Script } = require('node:vm');

// What runs most of the program takes all of it compiled, which is read in 20 ms and saves a third
// of a daemon's first second; everything else takes what is run at each start.
const MOST = new Set(['daemon', 'init', 'join', 'restore']);

// One piece of memory that goes back to the system as a whole; what is not used of it costs nothing.
const BYTES_MAX = 16 * 1024 * 1024;

const asset = (name) => {
  // Takes 2 ms to load.
  const { zstdDecompressSync } = require('node:zlib');
  return zstdDecompressSync(Buffer.from(getRawAsset(`${name}.zst`)), { chunkSize: BYTES_MAX });
};

const compiled = (how) => {
  try {
    return asset(`compiled-${how}`);
  } catch (error) {
    // A binary for another architecture than that of its build has no compiled code.
    if (error.code === 'ERR_SINGLE_EXECUTABLE_APPLICATION_ASSET_NOT_FOUND') return undefined;
    throw error;
  }
};

const runProgram = (words) => {
  const isMost = words.some((word) => MOST.has(word));
  const program = new Script(asset('program').latin1Slice(), {
    filename: 'cnsmo.cjs',
    cachedData: compiled(isMost ? 'all' : 'start'),
  });
  // Slower, and nothing else is wrong: the build does not let such a binary out.
  if (program.cachedDataRejected) console.error('cnsmo: V8 refuses the compiled code of this binary');
  program.runInThisContext()(exports, require, module, __filename, __dirname);
};

const words = process.argv.slice(2);
// Asked by every script that installs, and known without the program, which takes as long as Node.
if (words.length === 1 && words[0] === '--version') {
  console.log(Buffer.from(getRawAsset('version')).latin1Slice());
} else runProgram(words);
