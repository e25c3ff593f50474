import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { Fault } from '../../../../core/i18n/fault.js'
import { consentFor, readConsents } from '../consents.js'
import { inkFacts, inkSvg, readInk } from '../ink.js'
import { isBlank, readPng, writePng } from '../png.js'

const code = (wanted: string) => (error: unknown) => error instanceof Fault && error.code === wanted

const line = (count: number, pressure = (index: number) => 0.3 + (index % 5) / 10) => ({
  width: 360,
  height: 150,
  strokes: [
    Array.from({ length: count }, (_none, index) => ({
      x: 20 + index * 6,
      y: 75 + 40 * Math.sin(index / 3),
      pressure: pressure(index),
      time: index * 12,
    })),
  ],
})

describe('drawn signatures', () => {
  it('become a picture made here, cropped to the ink, that another program draws', () => {
    const ink = readInk(line(50))
    const { svg, width, height } = inkSvg(ink)
    assert.ok(width > 290 && width < 330 && height > 75 && height < 110, `${String(width)} × ${String(height)}`)
    assert.doesNotMatch(svg, /NaN|script|href/)
    assert.equal(execFileSync('xmllint', ['--noout', '-'], { input: svg }).toString(), '')
    assert.deepEqual(inkFacts(ink), { strokes: 1, points: 50, milliseconds: 588, pressure: true })
  })

  it('say when a device feels no pressure; the width follows speed then', () => {
    const ink = readInk(line(50, () => 0.5))
    assert.equal(inkFacts(ink)['pressure'], false)
    assert.notEqual(inkSvg(ink).svg, inkSvg(readInk(line(50))).svg)
  })

  it('are more than a dot', () => {
    for (const count of [0, 1, 3]) assert.throws(() => readInk(line(count)), code('SIGNATURES-INK-EMPTY'))
  })

  it('are numbers within the pad whose time does not run back; all else is refused', () => {
    const point = { x: 10, y: 10, pressure: 0.5, time: 5 }
    for (const strokes of [
      [[{ ...point, x: Number.NaN }]],
      [[{ ...point, x: 1e9 }]],
      [[{ ...point, pressure: 7 }]],
      [[point, { ...point, time: 1 }]],
      [[{ x: '1"/><script>', y: 1, pressure: 0, time: 0 }]],
      [Array.from({ length: 20_001 }, () => point)],
      'no',
      [null],
    ])
      assert.throws(() => readInk({ width: 300, height: 100, strokes }), code('SIGNATURES-INK-MALFORMED'))
    fc.assert(
      fc.property(fc.anything(), (given) => {
        assert.throws(() => readInk(given), Fault)
      }),
      { numRuns: 200 },
    )
  })
})

describe('pictures of signatures', () => {
  const pixels = (width: number, height: number): Buffer => {
    const bytes = Buffer.alloc(width * height * 4, 255)
    for (let at = 0; at < width * 4 * 4; at += 4) bytes.fill(20, at, at + 3)
    return bytes
  }

  it('are read and written anew: what a foreign program wrote comes back pixel by pixel, and nothing beside the pixels', () => {
    const folder = mkdtempSync(join(tmpdir(), 'khatm-png-'))
    try {
      const picture = { width: 40, height: 20, pixels: pixels(40, 20) }
      const file = join(folder, 'ours.png')
      writeFileSync(file, writePng(picture))
      // Another program reads ours and writes its own, with filters and chunks of its choice.
      const theirs = execFileSync('python3', [
        '-c',
        `import sys,zlib,struct
data=open(sys.argv[1],'rb').read()
assert data[:8]==b'\\x89PNG\\r\\n\\x1a\\n'
at=8; idat=b''
while at<len(data):
    n,=struct.unpack('>I',data[at:at+4]); kind=data[at+4:at+8]; body=data[at+8:at+8+n]
    assert struct.unpack('>I',data[at+8+n:at+12+n])[0]==zlib.crc32(kind+body)
    if kind==b'IDAT': idat+=body
    at+=12+n
raw=zlib.decompress(idat); w,h=40,20; out=b''; before=bytes(w*4)
for row in range(h):
    line=raw[row*(w*4+1)+1:(row+1)*(w*4+1)]; kind=row%5; coded=bytearray()
    for i,v in enumerate(line):
        a=line[i-4] if i>=4 else 0; b=before[i]; c=before[i-4] if i>=4 else 0
        p=a+b-c; pa,pb,pc=abs(p-a),abs(p-b),abs(p-c)
        paeth=a if pa<=pb and pa<=pc else b if pb<=pc else c
        coded.append((v-[0,a,b,(a+b)//2,paeth][kind])&255)
    out+=bytes([kind])+bytes(coded); before=line
def chunk(k,b): return struct.pack('>I',len(b))+k+b+struct.pack('>I',zlib.crc32(k+b))
sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n'+chunk(b'IHDR',struct.pack('>IIBBBBB',w,h,8,6,0,0,0))+chunk(b'tEXt',b'Comment\\x00secret')+chunk(b'IDAT',zlib.compress(out))+chunk(b'IEND',b''))`,
        file,
      ])
      const read = readPng(theirs)
      assert.ok(read.pixels.equals(picture.pixels))
      assert.equal(writePng(read).includes('secret'), false)
      assert.equal(isBlank(read), false)
      assert.equal(isBlank({ width: 40, height: 20, pixels: Buffer.alloc(40 * 20 * 4, 255) }), true)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('that are cut off, damaged, enormous or something else are refused', () => {
    const good = writePng({ width: 30, height: 30, pixels: pixels(30, 30) })
    const damaged = Buffer.from(good)
    damaged.writeUInt8(damaged.readUInt8(45) ^ 1, 45)
    const huge = Buffer.from(good)
    huge.writeUInt32BE(60_000, 16)
    for (const bytes of [good.subarray(0, 40), damaged, huge, Buffer.from('GIF89a'), Buffer.alloc(0), deflateSync(good)])
      assert.throws(() => readPng(bytes), code('SIGNATURES-PICTURE-UNREADABLE'))
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const mutant = Buffer.from(good)
        mutant.writeUInt8(mutant.readUInt8(at) ^ change, at)
        assert.throws(() => readPng(mutant), code('SIGNATURES-PICTURE-UNREADABLE'))
      }),
      { numRuns: process.env['KHATM_FULL'] === '1' ? 5_000 : 300 },
    )
  })
})

describe('words of consent', () => {
  const rows = readConsents()
  const today = '2026-11-23'

  it('go by the country of the company, else they are those of a plain agreement', () => {
    const found = ['SA', 'EG', 'KW', 'BG', 'DE', 'US', 'JP'].map((country) => consentFor(rows, 'auto', country, today).id)
    assert.deepEqual(found, ['sa-etl', 'eg-15-2004', 'kw-20-2014', 'bg-zedeuu', 'eu-eidas', 'us-esign', 'contract'])
    assert.equal(consentFor(rows, 'us-esign', 'SA', today).id, 'us-esign')
    assert.throws(() => consentFor(rows, 'mars', 'SA', today), code('SIGNATURES-CONSENT-LAW'))
  })

  it('a newer row follows the older from its day on', () => {
    const [row] = rows.filter(({ id }) => id === 'contract')
    assert.ok(row)
    const newer = { ...row, from: '2027-01-01', article: 'new' }
    assert.equal(consentFor([...rows, newer], 'contract', 'XX', '2026-12-31').article, row.article)
    assert.equal(consentFor([...rows, newer], 'contract', 'XX', '2027-01-01').article, 'new')
  })

  it('to consumers in the United States are the seven statements of 15 U.S.C. 7001(c)(1), with proof of access', () => {
    const row = consentFor(rows, 'us-esign', 'US', today)
    assert.deepEqual(
      row.disclosures.map(({ id }) => id),
      ['paper', 'fee', 'withdrawal', 'scope', 'withdrawal-procedure', 'contact', 'hardware'],
    )
    assert.equal(row.accessProof, true)
  })

  it('say where they come from; what was not confirmed is marked', () => {
    for (const row of rows) assert.ok(row.source.length > 20 && row.lastChecked <= '2026-11-22', row.id)
    assert.deepEqual(
      rows.filter(({ status }) => status === 'unconfirmed').map(({ id }) => id),
      ['bg-zedeuu', 'eg-15-2004', 'kw-20-2014', 'sa-etl'],
    )
  })
})
