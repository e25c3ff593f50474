import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../i18n/fault.js'
import { LimitedThread, LostThread } from './limited-thread.js'
import type { TagMeaning } from './text-tag-syntax.js'

export type { TagMeaning } from './text-tag-syntax.js'

/** A tag and where it stands: fractions of the page as it is seen, from its upper left corner. */
export interface TextTag extends TagMeaning {
  /** As it was written, braces included. */
  readonly text: string
  /** From 1. */
  readonly page: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The tags found in a PDF, or that its text could not be read. */
export type TagsAnswer = { readonly ok: true; readonly tags: readonly TextTag[] } | { readonly ok: false }

const thread = new LimitedThread<Uint8Array, TagsAnswer>({
  module: new URL(`./text-tags-thread${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
  timeoutMs: 20_000,
  memoryMb: 512,
  queue: 20,
})

/**
 * Finds the tags of fields in the words of a PDF, also where one is cut into several pieces of text or stands in a line that runs from
 * right to left: `{{Name;type=text;role=First;required=false}}` and `{{signature, r1, required=true, label="…"}}`. The file is read by
 * pdf.js in a thread with limits on time and memory. A PDF whose text is outlines or a picture has none.
 * @throws Fault DOC-TAGS-UNREADABLE, DOC-TAGS-TOO-COMPLEX, DOC-TAGS-BUSY (503)
 */
export async function findTextTags(pdf: Buffer): Promise<TextTag[]> {
  // Most files have no tag, but braces may be compressed away: only the thread can tell.
  const answer = await thread.ask(new Uint8Array(pdf)).catch((error: unknown): never => {
    if (!(error instanceof LostThread)) throw error
    if (error.loss === 'busy') throw new Fault('DOC-TAGS-BUSY', { status: 503, cause: error })
    throw new Fault('DOC-TAGS-TOO-COMPLEX', { cause: error })
  })
  if (!answer.ok) throw new Fault('DOC-TAGS-UNREADABLE')
  return [...answer.tags]
}
