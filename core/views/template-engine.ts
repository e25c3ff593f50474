import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import Handlebars from 'handlebars'
import { containedMarkup } from '../i18n/contained-text.js'
import type { Presentation } from './format.js'
import { registerHelpers, type HelperTexts } from './template-helpers.js'

/** What every template may read as `@name`, beside its own data. */
export interface TemplateFrame extends Presentation {
  readonly dir: 'rtl' | 'ltr'
  readonly token: string
  readonly nonce: string
  readonly assets: string
}

/** Folders of templates: `templates/<module>/*.hbs` of the project, and `templates/*.hbs` inside third-party packages. */
export interface TemplateSource {
  readonly module: string
  readonly folder: string
}

/**
 * Handlebars with a closed list of helpers. Every file is read and compiled once at start and is also a partial under its
 * name (`invoicing/timeline`). Escaping is on; own prototype properties are never reachable (Handlebars' default).
 */
export class TemplateEngine {
  readonly #engine = Handlebars.create()
  readonly #templates = new Map<string, Handlebars.TemplateDelegate>()

  constructor(sources: readonly TemplateSource[], texts: HelperTexts) {
    const known = registerHelpers(this.#engine, texts)
    const knownHelpers = Object.fromEntries(known.map((name) => [name, true] as const))
    for (const { module, folder } of sources) {
      if (!existsSync(folder)) continue
      for (const file of readdirSync(folder).sort()) {
        if (!file.endsWith('.hbs')) continue
        const name = `${module}/${basename(file, '.hbs')}`
        const template = this.#engine.compile(readFileSync(join(folder, file), 'utf8'), {
          knownHelpers,
          knownHelpersOnly: true,
          preventIndent: true,
        })
        this.#templates.set(name, template)
        this.#engine.registerPartial(name, template)
      }
    }
  }

  /** Whether there is a template of this name (`<module>/<name>`). */
  has(name: string): boolean {
    return this.#templates.has(name)
  }

  /** @throws Error naming the template when there is none: a programming mistake, answered with 500 */
  render(name: string, data: object, frame: TemplateFrame): string {
    const template = this.#templates.get(name)
    if (template === undefined) throw new Error(`no template ${name}`)
    // Here every text of others becomes part of a page, or of a mail.
    return containedMarkup(template(data, { data: { ...frame } }))
  }
}
