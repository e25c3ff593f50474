import type { Page } from 'playwright-core'
import { temporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.js'
import { noBrowser, openWindow, type Window } from './browser.js'
import { openHouse, type House } from './house.js'

/** Where a journey takes place: the house, one window of it, a folder for what is downloaded. */
export interface Place {
  readonly home: House
  readonly window: Window
  readonly page: Page
  readonly folder: TemporaryFolder
  /** What to close after the journey, last opened first. */
  readonly closing: (() => Promise<unknown>)[]
}

/**
 * Makes the steps of a `describe` one journey: the place is there before the first, and after a step that failed the next are skipped,
 * for they could only wait for what does not come. Without a browser all are skipped.
 * @param begin called once with the place, before the first step
 */
export function journey(begin: (place: Place) => Promise<void> | void): void {
  const closing: (() => Promise<unknown>)[] = []
  let broken = false

  before(async function () {
    if (noBrowser !== undefined) {
      console.log(`      skipped: ${noBrowser}`)
      this.skip()
    }
    const home = await openHouse()
    const folder = await temporaryFolder()
    closing.push(() => folder.remove())
    const window = await openWindow(home.browser)
    closing.push(() => window.context.close())
    await begin({ home, window, page: window.page, folder, closing })
  })
  beforeEach(function () {
    if (broken) this.skip()
  })
  afterEach(function () {
    broken ||= this.currentTest?.state === 'failed'
  })
  after(async () => {
    for (const close of closing.reverse()) await close()
  })
}
