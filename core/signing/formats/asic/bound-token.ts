import { DerElement } from '../../../validation/der-reader.js'
import { context, integer, objectIdentifier, sequence, setOf } from '../../der.js'

/**
 * A time stamp token with nothing around its signed part that could be otherwise: the version that follows from its content, the one
 * digest algorithm, no lists, no unsigned attributes. None of that is signed by the authority; as the outermost layer of a container
 * it would be bytes that could be changed unseen. Certificates stay as they came.
 * @throws MalformedDer
 */
export function boundToken(token: Buffer): Buffer {
  const outer = DerElement.read(token, 0, { whole: true })
  const signed = outer.child(1).child(0)
  const encapsulated = signed.child(2)
  const certificates = signed.children.slice(3).find((part) => part.is(0xa0))
  const infos = signed.children.at(-1)?.children ?? []
  const [info] = infos
  if (info === undefined || infos.length !== 1) return token
  const withoutUnsigned = info.children.filter((part) => !part.is(0xa1))
  return sequence(
    objectIdentifier('1.2.840.113549.1.7.2'),
    context(
      0,
      sequence(
        integer(3),
        setOf(info.child(2).bytes),
        encapsulated.bytes,
        ...(certificates === undefined ? [] : [certificates.bytes]),
        setOf(sequence(...withoutUnsigned.map((part) => part.bytes))),
      ),
    ),
  )
}
