import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** All that an examiner needs beside the dossier: openssl, and what every Unix has. */
const programs = ['openssl', 'sha256sum', 'grep', 'cut', 'cmp', 'tail']

/** A dossier as an examiner has it: unpacked in a folder of its own, on a machine with nothing of ours. */
export class CleanFolder {
  private readonly root = mkdtempSync(join(tmpdir(), 'khatm-clean-'))
  readonly path = join(this.root, 'dossier')
  private readonly bin = join(this.root, 'bin')

  constructor(zip: Uint8Array) {
    writeFileSync(join(this.root, 'dossier.zip'), zip)
    mkdirSync(this.path)
    mkdirSync(this.bin)
    execFileSync('python3', ['-m', 'zipfile', '-e', join(this.root, 'dossier.zip'), this.path])
    for (const name of programs)
      symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(this.bin, name))
  }

  files(): string[] {
    return readdirSync(this.path, { recursive: true, encoding: 'utf8' }).sort()
  }

  read(name: string): Buffer {
    return readFileSync(join(this.path, name))
  }

  write(name: string, bytes: Uint8Array): void {
    writeFileSync(join(this.path, name), bytes)
  }

  /** Lines of check.txt. */
  commands(): string[] {
    return this.read('check.txt').toString('utf8').trim().split('\n')
  }

  run(line: string): { readonly status: number | null; readonly said: string } {
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], {
      cwd: this.path,
      env: { PATH: this.bin, LANG: 'C', HOME: '/nonexistent', OPENSSL_CONF: '/dev/null' },
      encoding: 'utf8',
      timeout: 60_000,
    })
    return { status, said: stdout + stderr }
  }

  /** Every printed command holds, and none of them leaves anything behind. @returns what each said */
  checkAll(): Map<string, string> {
    const before = this.files()
    const said = new Map<string, string>()
    for (const line of this.commands()) {
      const outcome = this.run(line)
      assert.equal(outcome.status, 0, `${line}\n${outcome.said}`)
      said.set(line, outcome.said)
    }
    assert.deepEqual(this.files(), before)
    return said
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
