/**
 * Edge: test ports — ports of this host for tests that run at once, in processes of their own.
 *
 * A port that was free a moment ago may be drawn by two processes before either listens. So each
 * process takes whole blocks, and holds each by an abstract socket: the kernel gives that to one
 * process only, and takes it back however the process ends.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { openNet } from './net.ts';

/**
 * Below the range that the kernel takes for outgoing connections (32768 on), or one of those may
 * hold a port.
 */
const PORT_FIRST = 20_000;
const BLOCK_PORTS = 100;
const BLOCKS = 120;

const { isPortFree } = openNet('/nonexistent', { error: assert.fail });
const left: number[] = [];

/**
 * A port that nobody listens on, by TCP or UDP, and that no other call gets while this process
 * runs.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    if (left.length === 0) left.push(...(await takeBlock()));
    const port = left.shift();
    if (port !== undefined && (await isPortFree(port))) return port;
  }
}

async function takeBlock(): Promise<readonly number[]> {
  for (let block = 0; block < BLOCKS; block += 1) {
    if (!(await hold(`cnsmo-test-ports-${block}`))) continue;
    const first = PORT_FIRST + block * BLOCK_PORTS;
    return Array.from({ length: BLOCK_PORTS }, (_, index) => first + index);
  }
  throw new Error(`all ${BLOCKS} blocks of test ports are held`);
}

/** Takes an abstract socket for as long as this process lives; false: another one has it. */
const hold = (name: string): Promise<boolean> =>
  new Promise((resolve, failed) => {
    const server = createServer();
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(false);
      else failed(error);
    });
    server.listen(`\0${name}`, () => resolve(true)).unref();
  });
