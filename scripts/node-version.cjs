// Runs after `npm ci`, on whatever Node npm's scripts get: says at once what would fail later in
// a less clear way. Plain JavaScript, because an old Node cannot run TypeScript.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `node ${process.version} is too old. npm ci installs Node 24 into node_modules as an optional ` +
      'dependency, on Linux x64 and arm64; run it there, without --omit=optional.',
  );
  process.exit(1);
}
