import { Fault } from '../../i18n/fault.js'
import { DerElement, MalformedDer } from '../../validation/der-reader.js'
import { pointsOf } from './addresses.js'
import { exchange, type ExchangeOptions } from './exchange.js'

const maximumList = 20 * 1024 * 1024
const freshestCrl = '2.5.29.46'
const clockTolerance = 5 * 60_000

/** What a client looks at in a list before it keeps it; entries and signature are the verifier's work. */
interface ListFacts {
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly deltaAddresses: readonly string[]
}

/**
 * Fetches a CertificateList (RFC 5280 5) and looks at its times.
 * @throws Fault SIGN-CRL-UNREACHABLE, SIGN-CRL-MALFORMED, SIGN-CRL-STALE
 */
export async function fetchCrl(url: string, options: ExchangeOptions = {}): Promise<{ crl: Buffer } & ListFacts> {
  const body = await exchange(url, 'SIGN-CRL-UNREACHABLE', options, {
    headers: { accept: 'application/pkix-crl' },
    maxBytes: maximumList,
  })
  const crl = derOf(body)
  let facts: ListFacts
  try {
    facts = readFacts(crl)
  } catch (error) {
    if (error instanceof MalformedDer) throw new Fault('SIGN-CRL-MALFORMED', { params: { url }, status: 502, cause: error })
    throw error
  }
  const now = (options.now?.() ?? new Date()).getTime()
  const stale =
    facts.thisUpdate.getTime() > now + clockTolerance ||
    (facts.nextUpdate !== undefined && facts.nextUpdate.getTime() < now - clockTolerance)
  if (stale) throw new Fault('SIGN-CRL-STALE', { params: { url, thisUpdate: facts.thisUpdate.toISOString() }, status: 502 })
  return { crl, ...facts }
}

/** Lists are DER (RFC 5280 4.2.1.13); a few servers give PEM all the same. */
function derOf(body: Buffer): Buffer {
  if (body[0] !== 0x2d) return body
  const text = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END/.exec(body.toString('latin1'))
  return text?.[1] === undefined ? body : Buffer.from(text[1], 'base64')
}

function readFacts(crl: Buffer): ListFacts {
  const list = DerElement.read(crl, 0, { whole: true }).expect(0x30).child(0).expect(0x30)
  // Version, algorithm, issuer, times: the entries after them may be a million and are not read here.
  const parts: DerElement[] = []
  for (let at = list.contentStart; at < list.end;) {
    const part = DerElement.read(crl, at, { limit: list.end, depth: 2 })
    parts.push(part)
    at = part.end
  }
  const start = parts[0]?.is(0x02) === true ? 1 : 0
  const thisUpdate = parts[start + 2]
  const next = parts[start + 3]
  if (thisUpdate === undefined) throw new MalformedDer('times of the list', list.start)
  const extensions = parts.find((part) => part.is(0xa0))?.child(0).children ?? []
  const freshest = extensions.find((extension) => extension.child(0).oid() === freshestCrl)
  return {
    thisUpdate: thisUpdate.time(),
    nextUpdate: next?.is(0x17) === true || next?.is(0x18) === true ? next.time() : undefined,
    deltaAddresses: pointsOf(freshest?.children[freshest.children.length - 1]?.content),
  }
}
