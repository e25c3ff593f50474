import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const programs = '/usr/lib/postgresql/15/bin'

export function debianPostgresInstalled(): boolean {
  return existsSync(path.join(programs, 'postgres'))
}

/** A private cluster of Debian's PostgreSQL 15 in a temporary folder, on a Unix socket alone. */
export class DebianPostgres {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'khatm-debian-'))
  readonly #identity = accountOfServer()

  /** The owner is an ordinary role with CREATEROLE, as a managed server gives it. */
  readonly url = `postgresql://khatm_owner@localhost/khatm?host=${encodeURIComponent(this.#folder)}`

  async start(): Promise<void> {
    if (this.#identity.uid !== undefined)
      execFileSync('chown', [`${String(this.#identity.uid)}:${String(this.#identity.gid)}`, this.#folder])
    chmodSync(this.#folder, 0o700)
    const data = path.join(this.#folder, 'data')
    this.#run('initdb', ['-D', data, '-U', 'cluster', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'])
    await this.run()
    this.#run('psql', ['-h', this.#folder, '-U', 'cluster', '-d', 'postgres', '-q', '-c', 'create role khatm_owner login createrole'])
    this.#run('psql', ['-h', this.#folder, '-U', 'cluster', '-d', 'postgres', '-q', '-c', 'create database khatm owner khatm_owner'])
  }

  /** Runs the server (again) and waits until it answers. */
  async run(): Promise<void> {
    const data = path.join(this.#folder, 'data')
    for (let tries = 0; tries < 100; tries += 1) {
      const child = spawn(path.join(programs, 'postgres'), ['-D', data, '-k', this.#folder, '-c', 'listen_addresses='], {
        stdio: 'ignore',
        cwd: this.#folder,
        ...this.#identity,
      })
      while (child.exitCode === null && child.signalCode === null) {
        try {
          this.#run('pg_isready', ['-h', this.#folder])
          child.unref()
          return
        } catch {
          await sleep(50)
        }
      }
      await sleep(100) // backends of a killed server still hold its memory
    }
    throw new Error('Debian PostgreSQL did not start')
  }

  pid(): number {
    return Number(readFileSync(path.join(this.#folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  }

  stop(): void {
    this.#run('pg_ctl', ['-D', path.join(this.#folder, 'data'), '-m', 'immediate', '-w', 'stop'])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #run(program: string, parameters: string[]): void {
    execFileSync(path.join(programs, program), parameters, { stdio: 'pipe', cwd: this.#folder, ...this.#identity })
  }
}

function accountOfServer(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'postgres')
  return { uid: Number(fields?.[2]), gid: Number(fields?.[3]) }
}
