import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Fault } from '../../../../core/i18n/fault.js'
import { checkInThread } from './check-in-thread.js'

export interface ConversionLimits {
  readonly milliseconds: number
  /** Of address space, which a word processor takes much of. */
  readonly megabytes: number
  /** Where the program is looked for. */
  readonly path: string
}

const standardLimits: ConversionLimits = { milliseconds: 60_000, megabytes: 4096, path: process.env['PATH'] ?? '' }

/** Uploads that wait for the converter; more are told to come back. */
const longestQueue = 8
let waiting = 0
let last: Promise<unknown> = Promise.resolve()

/** Path of LibreOffice on this machine; undefined when it is not installed. */
export async function findConverter(path = standardLimits.path): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((one) => one !== '')) {
    for (const name of ['soffice', 'libreoffice']) {
      const file = join(folder, name)
      if (
        await access(file, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return file
    }
  }
  return undefined
}

/**
 * A Word document as PDF, by LibreOffice in a process of its own: own profile that runs no macros, updates no links and reaches no
 * network (a network space without devices where the system grants one, a proxy that nobody answers in any case), one at a time.
 * @throws Fault SIGNATURES-DOCX-NO-CONVERTER (503), SIGNATURES-DOCX-BUSY (503), SIGNATURES-DOCX-TIMEOUT, SIGNATURES-DOCX-FAILED,
 *   faults of checkDocx
 */
export async function convertDocx(bytes: Buffer, limits: Partial<ConversionLimits> = {}): Promise<Buffer> {
  const checked = await checkInThread(bytes)
  const set = { ...standardLimits, ...limits }
  const program = await findConverter(set.path)
  if (program === undefined) throw new Fault('SIGNATURES-DOCX-NO-CONVERTER', { status: 503, path: 'file' })
  if (waiting >= longestQueue) throw new Fault('SIGNATURES-DOCX-BUSY', { status: 503, path: 'file' })
  waiting += 1
  const turn = last.then(() => convert(program, checked, set))
  last = turn.catch(() => undefined)
  try {
    return await turn
  } finally {
    waiting -= 1
  }
}

async function convert(program: string, bytes: Buffer, limits: ConversionLimits): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'khatm-docx-'))
  try {
    await mkdir(join(folder, 'profile', 'user'), { recursive: true })
    await writeFile(join(folder, 'profile', 'user', 'registrymodifications.xcu'), profile)
    await writeFile(join(folder, 'document.docx'), bytes)
    await run(program, folder, limits)
    const pdf = await readFile(join(folder, 'document.pdf')).catch(() => undefined)
    if (pdf?.subarray(0, 5).toString('latin1') !== '%PDF-') throw new Fault('SIGNATURES-DOCX-FAILED', { path: 'file' })
    return pdf
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(program: string, folder: string, limits: ConversionLimits): Promise<void> {
  const seconds = Math.ceil(limits.milliseconds / 1000)
  const options = [
    `-env:UserInstallation=${pathToFileURL(join(folder, 'profile')).href}`,
    '--headless',
    '--norestore',
    '--nolockcheck',
    '--nodefault',
    '--convert-to',
    'pdf:writer_pdf_Export',
    '--outdir',
    folder,
    join(folder, 'document.docx'),
  ]
  // The shell sets limits and becomes the program; what it is given are arguments, never text of the script.
  const script = `ulimit -v ${String(limits.megabytes * 1024)} 2>/dev/null; ulimit -t ${String(seconds)} 2>/dev/null; ulimit -c 0; exec "$@"`
  const command = [...(await withoutNetwork()), program, ...options]
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], {
    cwd: folder,
    // A group of its own, so that the process behind the starter ends with it.
    detached: true,
    stdio: 'ignore',
    env: {
      PATH: limits.path,
      HOME: folder,
      TMPDIR: folder,
      LANG: 'C.UTF-8',
      http_proxy: nowhere,
      https_proxy: nowhere,
      SAL_USE_VCLPLUGIN: 'svp',
    },
  })
  const ended = new Promise<boolean>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code === 0))
  })
  const late = { is: false }
  const timer = setTimeout(() => {
    late.is = true
    endGroup(child.pid)
  }, limits.milliseconds)
  try {
    const fine = await ended.catch(() => false)
    if (late.is) throw new Fault('SIGNATURES-DOCX-TIMEOUT', { path: 'file', params: { seconds } })
    if (!fine) throw new Fault('SIGNATURES-DOCX-FAILED', { path: 'file' })
  } finally {
    clearTimeout(timer)
    endGroup(child.pid)
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Ended already.
  }
}

/** Nobody listens on the discard port of this machine. */
const nowhere = 'http://127.0.0.1:9'

let networkSpace: Promise<readonly string[]> | undefined

/** Command that takes the network away, where this system lets an ordinary user do so. */
function withoutNetwork(): Promise<readonly string[]> {
  networkSpace ??= new Promise((resolve) => {
    const command = ['unshare', '--net', '--map-root-user', '--'] as const
    const [name, ...options] = command
    const child = spawn(name, [...options, 'true'], { stdio: 'ignore' })
    child.once('error', () => resolve([]))
    child.once('exit', (code) => resolve(code === 0 ? command : []))
  })
  return networkSpace
}

function setting(path: string, name: string, value: string, type = 'xs:boolean'): string {
  return `<item oor:path="/org.openoffice.${path}"><prop oor:name="${name}" oor:op="fuse" oor:type="${type}"><value>${value}</value></prop></item>`
}

/** Settings of the converter's profile: nothing runs, nothing is fetched, nothing is asked. */
const profile = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
${[
  setting('Office.Common/Security/Scripting', 'MacroSecurityLevel', '3', 'xs:int'),
  setting('Office.Common/Security/Scripting', 'DisableMacrosExecution', 'true'),
  setting('Office.Common/Security/Scripting', 'DisableActiveContent', 'true'),
  setting('Office.Common/Security/Scripting', 'BlockUntrustedRefererLinks', 'true'),
  setting('Office.Writer/Content/Update', 'Link', '0', 'xs:int'),
  setting('Inet/Settings', 'ooInetProxyType', '1', 'xs:int'),
  setting('Inet/Settings', 'ooInetHTTPProxyName', '127.0.0.1', 'xs:string'),
  setting('Inet/Settings', 'ooInetHTTPProxyPort', '9', 'xs:int'),
  setting('Inet/Settings', 'ooInetHTTPSProxyName', '127.0.0.1', 'xs:string'),
  setting('Inet/Settings', 'ooInetHTTPSProxyPort', '9', 'xs:int'),
  setting('Office.Common/Misc', 'FirstRun', 'false'),
  setting('Setup/Office', 'OfficeRestartInProgress', 'false'),
].join('\n')}
</oor:items>
`
