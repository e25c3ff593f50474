import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Fault } from '../i18n/fault.js'
import type { LocalizedText } from '../i18n/locale.js'

/** A document as the desk itself read it, whatever the host says of it. */
export interface ViewedDocument {
  /** SHA-256 of what a signature over this document names, lower-case hex: computed here, from the document. */
  readonly signedHash: string
  readonly amount: { readonly value: string; readonly currency: string } | null
  /** What a person decides by: who issues, to whom, number, day. */
  readonly facts: readonly { readonly label: LocalizedText; readonly value: string }[]
  /** The whole of it, for reading. */
  readonly text: string
}

/** Knows one kind of document; modules bring theirs as default export of `modules/<name>/desk/<kind>.ts`. */
export interface DocumentView {
  readonly mediaType: string
  /** @throws Fault when the bytes are no such document */
  read(bytes: Buffer): ViewedDocument
}

/** Views of all modules: code of this installation, never of the host that asks. */
export async function documentViews(modulesDir: string): Promise<readonly DocumentView[]> {
  const views: DocumentView[] = []
  for (const folder of await readdir(modulesDir, { withFileTypes: true }).catch(() => [])) {
    if (!folder.isDirectory()) continue
    const place = join(modulesDir, folder.name, 'desk')
    for (const file of (await readdir(place).catch(() => [])).sort()) {
      if (!/(?<!\.d)\.[jt]s$/.test(file)) continue
      const loaded: unknown = await import(pathToFileURL(join(place, file)).href)
      const view = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined
      if (!isView(view)) throw new Fault('SIGN-AGENT-VIEW-FILE', { params: { file: join(place, file) }, status: 500 })
      views.push(view)
    }
  }
  return views
}

function isView(value: unknown): value is DocumentView {
  return typeof value === 'object' && value !== null && 'mediaType' in value && 'read' in value && typeof value.read === 'function'
}
