// Project Wycheproof's vectors travel inside the source of two Debian packages. As root on Debian they are fetched once and kept beside the
// system's own shared files; where they are not to be had, the tests that read them say that they were skipped.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = '/usr/local/share/wycheproof'
const sources = [
  { suite: 'bookworm', name: 'android-platform-external-boringssl', inside: 'wycheproof_testvectors', files: /^(?:rsa_|ecdsa_).*\.txt$/ },
  { suite: 'trixie', name: 'libsecp256k1', inside: 'src/wycheproof', files: /^ecdsa_secp256k1_.*\.json$/ },
]

/** Fetches what is missing. Never fails: a test says for itself what it lacks. */
export function installTestVectors(say) {
  if (existsSync(folder) || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return
  const mirror = debianMirror()
  if (mirror === undefined) return
  const work = mkdtempSync(join(tmpdir(), 'khatm-vectors-'))
  try {
    say('Fetching the vectors of Project Wycheproof from Debian sources')
    const found = sources.reduce((sum, source) => sum + fetchSource(mirror, source, work), 0)
    if (found === 0) return say('They could not be had; the tests that read them are skipped.')
    mkdirSync('/usr/local/share', { recursive: true })
    cpSync(join(work, 'vectors'), `${folder}.new`, { recursive: true })
    renameSync(`${folder}.new`, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Where this machine gets its Debian packages from. */
function debianMirror() {
  const file = '/etc/apt/sources.list.d/debian.sources'
  if (existsSync(file)) return /^URIs:\s*(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]
  const list = '/etc/apt/sources.list'
  return existsSync(list) ? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(readFileSync(list, 'utf8'))?.[1] : undefined
}

function fetchSource(mirror, { suite, name, inside, files }, work) {
  const place = join(work, name)
  for (const part of ['lists/partial', 'cache', 'source']) mkdirSync(join(place, part), { recursive: true })
  const signed = '/usr/share/keyrings/debian-archive-keyring.gpg'
  const trust = existsSync(signed) ? `[signed-by=${signed}] ` : ''
  writeFileSync(join(place, 'sources.list'), `deb-src ${trust}${mirror} ${suite} main\n`)
  const options = [
    ['Dir::Etc::SourceList', join(place, 'sources.list')],
    ['Dir::Etc::SourceParts', '/dev/null'],
    ['Dir::State::Lists', join(place, 'lists')],
    ['Dir::Cache', join(place, 'cache')],
    ['APT::Sandbox::User', 'root'],
  ].flatMap(([option, value]) => ['-o', `${option}=${value}`])
  const run = (command, args) => spawnSync(command, args, { cwd: join(place, 'source'), stdio: 'ignore', timeout: 180_000 }).status === 0
  if (!run('apt-get', [...options, 'update']) || !run('apt-get', [...options, '--download-only', 'source', name])) return 0
  const archive = readdirSync(join(place, 'source')).find((file) => file.includes('.orig.tar.'))
  if (archive === undefined || !run('tar', ['-xf', archive, '--wildcards', `*/${inside}/*`])) return 0
  const vectors = readdirSync(join(place, 'source'), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && files.test(entry.name),
  )
  mkdirSync(join(work, 'vectors'), { recursive: true })
  for (const entry of vectors) cpSync(join(entry.parentPath ?? entry.path, entry.name), join(work, 'vectors', entry.name))
  return vectors.length
}
