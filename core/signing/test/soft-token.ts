import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const softHsmLibrary = '/usr/lib/softhsm/libsofthsm2.so'
export const softHsmIsHere = existsSync(softHsmLibrary)

/** SoftHSM2 tokens in a folder of their own. The library reads SOFTHSM2_CONF, which child processes inherit. */
export class SoftToken {
  readonly folder = mkdtempSync(join(tmpdir(), 'softhsm-'))
  readonly tokenFolder = join(this.folder, 'tokens')
  readonly pinFile = join(this.folder, 'pin')
  private readonly before = process.env['SOFTHSM2_CONF']

  constructor(
    readonly label = 'khatm',
    readonly pin = '648219',
  ) {
    mkdirSync(this.tokenFolder)
    const conf = join(this.folder, 'softhsm2.conf')
    writeFileSync(conf, `directories.tokendir = ${this.tokenFolder}\nobjectstore.backend = file\nlog.level = ERROR\n`)
    process.env['SOFTHSM2_CONF'] = conf
    writeFileSync(this.pinFile, `${this.pin}\n`, { mode: 0o600 })
    execFileSync('softhsm2-util', ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', this.pin], {
      stdio: 'ignore',
    })
  }

  /** `rsa:2048`, `EC:prime256v1`, `EC:secp256k1`, `EC:secp384r1`. */
  generate(type: string, identifier: string, label: string): void {
    const args = ['--module', softHsmLibrary, '--token-label', this.label, '--login', '--pin', this.pin]
    execFileSync('pkcs11-tool', [...args, '--keypairgen', '--key-type', type, '--id', identifier, '--label', label], { stdio: 'ignore' })
  }

  installCertificate(der: Uint8Array, identifier: string, label: string): void {
    const file = join(this.folder, 'certificate.der')
    writeFileSync(file, der)
    const args = ['--module', softHsmLibrary, '--token-label', this.label, '--login', '--pin', this.pin]
    execFileSync('pkcs11-tool', [...args, '--write-object', file, '--type', 'cert', '--id', identifier, '--label', label], {
      stdio: 'ignore',
    })
  }

  configuration(name = 'soft'): { name: string; library: string; pinFile: string; pinEnvironment: null } {
    return { name, library: softHsmLibrary, pinFile: this.pinFile, pinEnvironment: null }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
    if (this.before === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = this.before
  }
}
