import type { DerElement } from '../der-reader.js'
import { nameKeyParts } from './distinguished-name.js'

/** A GeneralName (RFC 5280 4.2.1.6) as it is compared. */
export interface GeneralName {
  /** Identifier octet: 0x81 address, 0x82 host, 0x86 URI, 0x87 IP address, 0xa4 directory name; others are only carried. */
  readonly tag: number
  /** Text of an address, a host or a URI as written; empty for others. */
  readonly text: string
  /** Folded relative names of a directory name. */
  readonly rdns: readonly string[]
  /** Content of every other kind. */
  readonly bytes: Buffer
}

/** @throws MalformedDer */
export function readGeneralName(name: DerElement): GeneralName {
  const textual = name.is(0x81) || name.is(0x82) || name.is(0x86)
  return {
    tag: name.tag,
    text: textual ? name.content.toString('latin1') : '',
    rdns: name.is(0xa4) ? nameKeyParts(name.child(0)) : [],
    bytes: name.content,
  }
}

/** One text for equal names: directory names folded as in paths, anything else byte by byte. */
export function generalNameKey(name: GeneralName): string {
  return name.tag === 0xa4 ? `dn:${name.rdns.join('/')}` : `${name.tag}:${name.bytes.toString('hex')}`
}
