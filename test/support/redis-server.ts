import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { START_LIMIT_MS } from './child-process.js';
import { freePort } from './free-port.js';

/** Whether Debian's package `redis-server` is installed. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** A real Redis on a free port of loopback, which keeps nothing on disk. */
export class RedisServer {
  private process: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<RedisServer> {
    if (!hasRedis) throw new Error('redis-server is not installed');
    const server = new RedisServer(await freePort());
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same port, with nothing in it. */
  async restart(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.process = spawn('redis-server', args, { stdio: 'ignore' });
    for (const deadline = Date.now() + START_LIMIT_MS; !(await this.isUp()); await setTimeout(20)) {
      if (this.process.exitCode !== null) throw new Error(`redis-server ended with ${this.process.exitCode}`);
      if (Date.now() > deadline)
        throw new Error(`redis-server did not listen within ${START_LIMIT_MS / 1_000} s`);
    }
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const { process } = this;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    process.kill('SIGKILL');
    await once(process, 'exit');
  }

  private async isUp(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
