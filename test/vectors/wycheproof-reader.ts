import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One signature of Project Wycheproof with its key. */
export interface Vector {
  readonly file: string
  readonly id: string
  readonly comment: string
  readonly flags: readonly string[]
  /** `acceptable`: either answer is right. */
  readonly result: 'valid' | 'invalid' | 'acceptable'
  readonly spki: Buffer
  /** Digest as node names it. */
  readonly digest: string
  /** Of RSA-PSS: digest of the mask and length of the salt. */
  readonly mask: string | undefined
  readonly saltLength: number | undefined
  readonly message: Buffer
  readonly signature: Buffer
}

const digestName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^sha-(\d+)$/, 'sha$1')
    .replace('/', '-')

/** Reads both forms in which the vectors are handed on: the JSON files, and the text files made of them for C libraries. */
export function readVectors(folder: string, wanted: RegExp): Vector[] {
  return readdirSync(folder)
    .filter((file) => wanted.test(file))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      return file.endsWith('.json') ? readJson(file, text) : readText(file, text)
    })
}

interface JsonGroup {
  readonly keyDer?: string
  readonly publicKeyDer?: string
  readonly sha: string
  readonly mgfSha?: string
  readonly sLen?: number
  readonly tests: readonly { tcId: number; comment: string; flags?: string[]; result: Vector['result']; msg: string; sig: string }[]
}

function readJson(file: string, text: string): Vector[] {
  const { testGroups } = JSON.parse(text) as { testGroups: readonly JsonGroup[] }
  return testGroups.flatMap((group) =>
    group.tests.map((test) => ({
      file,
      id: String(test.tcId),
      comment: test.comment,
      flags: test.flags ?? [],
      result: test.result,
      spki: Buffer.from(group.publicKeyDer ?? group.keyDer ?? '', 'hex'),
      digest: digestName(group.sha),
      mask: group.mgfSha === undefined ? undefined : digestName(group.mgfSha),
      saltLength: group.sLen,
      message: Buffer.from(test.msg, 'hex'),
      signature: Buffer.from(test.sig, 'hex'),
    })),
  )
}

/** `[name = value]` holds for the group, `name = value` for one test; a blank line ends a test. */
function readText(file: string, text: string): Vector[] {
  const vectors: Vector[] = []
  let group = new Map<string, string>()
  let test = new Map<string, string>()
  let inGroup = false
  const comments: string[] = []
  for (const line of [...text.split(/\r?\n/), '']) {
    const header = /^\[(\S+) = (.*)\]$/.exec(line)
    const member = /^(\S+) = ?(.*)$/.exec(line)
    if (header !== null) {
      if (!inGroup) group = new Map()
      inGroup = true
      group.set(header[1] ?? '', header[2] ?? '')
    } else if (line.startsWith('#')) comments.push(line.slice(2))
    else if (member !== null) test.set(member[1] ?? '', member[2] ?? '')
    else {
      inGroup = false
      if (test.has('result')) vectors.push(fromText(file, group, test, comments))
      test = new Map()
      comments.length = 0
    }
  }
  return vectors
}

function fromText(
  file: string,
  group: ReadonlyMap<string, string>,
  test: ReadonlyMap<string, string>,
  comments: readonly string[],
): Vector {
  const hex = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'hex')
  const salt = group.get('sLen')
  const mask = group.get('mgfSha')
  return {
    file,
    id: comments[0]?.replace('tcId = ', '') ?? '',
    comment: comments.slice(1).join(' '),
    flags: test.get('flags')?.split(',') ?? [],
    result: test.get('result') as Vector['result'],
    spki: hex(group.get('keyDer')),
    digest: digestName(group.get('sha') ?? ''),
    mask: mask === undefined ? undefined : digestName(mask),
    saltLength: salt === undefined ? undefined : Number(salt),
    message: hex(test.get('msg')),
    signature: hex(test.get('sig')),
  }
}
