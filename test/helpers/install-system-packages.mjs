// The tests judge with independent programs. As root on Debian the missing ones are installed; otherwise they are
// named, and the tests that need them say that they were skipped.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installTestVectors } from './install-test-vectors.mjs'

/** Debian package, and a program or file that shows it is there. */
const packages = [
  { name: 'chromium', programs: ['chromium'] },
  { name: 'softhsm2', programs: ['softhsm2-util'] },
  { name: 'opensc', programs: ['pkcs11-tool'] },
  { name: 'poppler-utils', programs: ['pdfsig', 'pdftotext', 'pdftoppm'] },
  { name: 'qpdf', programs: ['qpdf'] },
  { name: 'mupdf-tools', programs: ['mutool'] },
  { name: 'xmlsec1', programs: ['xmlsec1'] },
  { name: 'libxml2-utils', programs: ['xmllint'] },
  { name: 'postgresql', folder: '/usr/lib/postgresql' },
  { name: 'zbar-tools', programs: ['zbarimg'] },
  { name: 'openssl', programs: ['openssl'] },
  { name: 'libreoffice-writer-nogui', programs: ['soffice'] },
  { name: 'unzip', programs: ['unzip'] },
  { name: 'python3', programs: ['python3'] },
  { name: 'gcc', programs: ['gcc'] },
  { name: 'libc6-dev', folder: '/usr/include' },
  { name: 'python3-cryptography-vectors', folder: '/usr/lib/python3/dist-packages/cryptography_vectors' },
]

const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
const onPath = (program) => folders.some((folder) => existsSync(join(folder, program)))
const isThere = ({ programs, folder }) =>
  folder === undefined ? programs.every(onPath) : existsSync(folder) && readdirSync(folder).length > 0

const missing = packages.filter((one) => !isThere(one)).map((one) => one.name)
if (missing.length > 0) {
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get')
  if (!mayInstall)
    say(`Not installed: ${missing.join(' ')}. Tests that need them are skipped. On Debian: apt-get install ${missing.join(' ')}`)
  else {
    say(`Installing: ${missing.join(' ')}`)
    const run = (...args) =>
      spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
        .status
    run('update')
    run('install', '-y', '--no-install-recommends', ...missing)
    const left = packages.filter((one) => !isThere(one)).map((one) => one.name)
    if (left.length > 0) say(`Could not be installed: ${left.join(' ')}. Tests that need them are skipped.`)
  }
}

installTestVectors(say)

function say(text) {
  process.stderr.write(`${text}\n`)
}
