import type { FieldArea, PageShape, TemplateField } from '../models/field.js'
import type { TemplateRole } from '../models/role.js'

/** The scripts of the field editor that need no page, as tests call them. They are plain JavaScript: their types stand here. */

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export interface Edited {
  readonly roles: readonly TemplateRole[]
  readonly fields: readonly TemplateField[]
}
interface Guide {
  readonly axis: 'x' | 'y'
  readonly at: number
}
interface Place {
  readonly key: string
  readonly area: FieldArea
}
interface Item {
  readonly rect: Rect
  readonly page: PageShape
}
interface History<State> {
  readonly present: State
  readonly past: readonly unknown[]
  readonly future: readonly unknown[]
}
interface Copied {
  readonly document: Edited
  readonly keys: readonly string[]
}

interface Scripts {
  geometry: {
    toPoints(area: Rect, page: PageShape): Rect
    toFractions(rect: Rect, page: PageShape): Rect
    keepInside(rect: Rect, page: PageShape): Rect
    resize(rect: Rect, handle: string, dx: number, dy: number, page: PageShape, smallest: PageShape, keepRatio?: boolean): Rect
    stepTogether(rects: readonly Item[], dx: number, dy: number): { dx: number; dy: number }
    readingOrder<P extends Place>(places: readonly P[], pages: readonly PageShape[], direction: 'ltr' | 'rtl'): P[]
    handles: readonly string[]
  }
  snapping: {
    snapMove(rect: Rect, others: readonly Rect[], page: PageShape, tolerance: number): { rect: Rect; guides: readonly Guide[] }
    snapResize(
      rect: Rect,
      handle: string,
      others: readonly Rect[],
      page: PageShape,
      tolerance: number,
    ): { rect: Rect; guides: readonly Guide[]; equals: readonly { rect: Rect }[] }
  }
  arrange: {
    align(items: readonly Item[], edge: string): Rect[]
    distribute(items: readonly Item[], axis: 'x' | 'y'): Rect[]
    sameSize(items: readonly Item[]): Rect[]
  }
  history: {
    begin<State>(state: State): History<State>
    step<State>(history: History<State>, state: State, step: { name: string; key?: string; at?: number }): History<State>
    undo<State>(history: History<State>): History<State>
    redo<State>(history: History<State>): History<State>
  }
  merge: {
    merge(base: Edited, mine: Edited, theirs: Edited): { document: Edited; taken: readonly string[]; kept: readonly string[] }
    same(one: unknown, other: unknown): boolean
  }
  fields: {
    newField(
      document: Edited,
      given: {
        type: string
        role: string
        page: number
        at: { x: number; y: number }
        pages: readonly PageShape[]
        options: readonly string[]
      },
    ): { document: Edited; field: TemplateField }
    copy(document: Edited, keys: readonly string[]): readonly TemplateField[]
    paste(document: Edited, copied: readonly TemplateField[], to: { pages: readonly PageShape[]; page?: number; shift?: number }): Copied
    copyToAllPages(document: Edited, key: string, pages: readonly PageShape[]): Edited
    remove(document: Edited, keys: readonly string[]): { document: Edited; conditions: number }
    renameOption(document: Edited, id: string, index: number, text: string): Edited
    addOption(document: Edited, id: string, text: string, pages: readonly PageShape[]): Edited
    removeOption(document: Edited, id: string, index: number): Edited
    setRole(document: Edited, ids: readonly string[], role: string): Edited
    removeRole(document: Edited, id: string, heir?: string): { document: Edited; conditions: number }
  }
}

const folder = new URL('../../../core/views/assets/signatures/editor/', import.meta.url)

async function load<Name extends keyof Scripts>(name: Name): Promise<Scripts[Name]> {
  const script: unknown = await import(new URL(`${name}.js`, folder).href)
  // What the browser loads; the shapes above are what the tests hold it to.
  return script as Scripts[Name]
}

export const geometry = await load('geometry')
export const snapping = await load('snapping')
export const arrange = await load('arrange')
export const history = await load('history')
export const merging = await load('merge')
export const editing = await load('fields')
