import { sameMetadata } from '../metadata.js'
import { nameOf, PdfReference, type PdfDictionary, type PdfValue } from '../objects.js'
import { differingKeys, reachable, sameValue } from '../same-value.js'
import type { Comparison } from './comparison.js'
import { catalogKind, type ChangeKind } from './kinds.js'

/** Entries with rules of their own. */
const apart: ReadonlySet<string> = new Set(['AcroForm', 'DSS', 'Metadata', 'Extensions', 'Version'])

/** The document catalog (ISO 32000-2 7.7.2): what a save may bring up to date in it, and what it may not. */
export function compareCatalogs(comparison: Comparison): void {
  const { before, after } = comparison
  const [previous, current] = [before.catalog, after.catalog]
  for (const key of differingKeys(previous, current)) {
    if (apart.has(key)) continue
    if (key === 'Names') for (const kind of changedNames(comparison)) comparison.note(kind, false)
    else comparison.note(catalogKind(key), false)
  }
  comparison.open.delete(after.catalogReference.number)
  compareValidationData(comparison, previous.get('DSS'), current.get('DSS'))
  compareMetadata(comparison, previous.get('Metadata'), current.get('Metadata'))
  compareVersions(comparison)
}

/** A writer may state a later version and the extensions it uses (ISO 32000-2 7.12), as plain values. */
function compareVersions(comparison: Comparison): void {
  const { before, after } = comparison
  const [old, now] = [before.catalog, after.catalog]
  if (!sameValue(before.resolve(old.get('Version')), after.resolve(now.get('Version')))) {
    const stated = nameOf(after.resolve(now.get('Version')))
    comparison.note('metadata', stated !== undefined && /^[12]\.\d$/.test(stated) && stated >= (nameOf(old.get('Version')) ?? ''))
  }
  const extensions = now.get('Extensions')
  if (!sameValue(before.resolve(old.get('Extensions')), after.resolve(extensions))) comparison.note('metadata', true)
  if (extensions instanceof PdfReference && comparison.isRole(extensions, old.get('Extensions'))) comparison.explainApart(extensions.number)
}

/** What changed below Names: scripts and attached files have names of their own. */
function changedNames(comparison: Comparison): ChangeKind[] {
  const { before, after } = comparison
  const none: PdfDictionary = new Map<string, PdfValue>()
  const keys = differingKeys(before.dictionary(before.catalog.get('Names')) ?? none, after.dictionary(after.catalog.get('Names')) ?? none)
  const kinds = keys.map((key): ChangeKind => (key === 'JavaScript' ? 'script' : key === 'EmbeddedFiles' ? 'embedded-file' : 'names'))
  return kinds.length === 0 ? ['names'] : kinds
}

function compareMetadata(comparison: Comparison, previous: PdfValue | undefined, current: PdfValue | undefined): void {
  const { before, after } = comparison
  const [old, now] = [before.resolve(previous), after.resolve(current)]
  if (sameValue(old, now)) return
  comparison.note('metadata', sameMetadata(before, old, after, now))
  if (current instanceof PdfReference && comparison.isRole(current, previous)) comparison.explainApart(current.number)
}

/** Certificates, CRLs and OCSP answers (ISO 32000-2 12.8.4.3): whoever adds them changes nothing that is seen. */
function compareValidationData(comparison: Comparison, previous: PdfValue | undefined, current: PdfValue | undefined): void {
  const { before, after, open, fresh } = comparison
  const now = after.dictionary(current)
  const old = before.dictionary(previous)
  if (now === undefined) {
    if (old !== undefined) comparison.note('validation-data', false)
    return
  }
  // Objects below the DSS: new ones, or ones that only the DSS had before.
  const inside = reachable(after, current ?? null)
  const oldInside = old === undefined ? new Set<number>() : reachable(before, previous ?? null)
  const changed = [...inside].filter((number) => open.has(number) || fresh.has(number))
  if (changed.length === 0 && sameValue(old, now)) return
  comparison.note(
    'validation-data',
    [...inside].every((number) => fresh.has(number) || oldInside.has(number)),
  )
  for (const number of inside) if (oldInside.has(number)) comparison.explainApart(number)
}
