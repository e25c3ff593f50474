import type { LocalizedText } from '../i18n/locale.js'
import type { RecordRule } from './access.js'
import type { CompanyContext } from './context.js'

/** A group of users: `<module>.<name>`, and the groups whose rights it has too. */
export interface GroupDefinition {
  readonly name: string
  readonly module: string
  readonly title: LocalizedText
  readonly includes: readonly string[]
}

/** Whoever has it administers the company: users, modules, settings; it includes every other group. */
export const administrator = 'core.admin'

/** Groups and record rules that modules brought; filled while modules are set up, read at every request. */
export class GroupRegistry {
  readonly #groups = new Map<string, GroupDefinition>()
  readonly #rules: RecordRule[] = []

  constructor() {
    this.define('core', administrator, { ar: 'الإعدادات: المسؤول', en: 'Settings: Administrator', bg: 'Настройки: администратор' })
  }

  /** Adds a group, or puts this one in the place of its name. `includes` names groups whose rights it has too. */
  define(module: string, name: string, title: LocalizedText, includes: readonly string[] = []): void {
    this.#groups.set(name, { name, module, title, includes })
  }

  /** Adds a rule that narrows which records its groups see and change. */
  addRule(rule: RecordRule): void {
    this.#rules.push(rule)
  }

  /** All groups, in the order they were defined. */
  list(): readonly GroupDefinition[] {
    return [...this.#groups.values()]
  }

  /** Whether a group of this name exists. */
  has(name: string): boolean {
    return this.#groups.has(name)
  }

  /** The groups themselves and all they include. */
  expand(names: readonly string[]): ReadonlySet<string> {
    const all = new Set<string>()
    const open = names.includes(administrator) ? [...names, ...this.#groups.keys()] : [...names]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (all.has(name)) continue
      all.add(name)
      open.push(...(this.#groups.get(name)?.includes ?? []))
    }
    return all
  }

  /**
   * Rules that narrow a model for this actor. A rule binds members of its group unless the actor also has a group that
   * includes it (Odoo: the manager's wider right wins); a rule without a group binds everybody. The system is bound by none.
   */
  rulesFor(model: string, context: CompanyContext): readonly RecordRule[] {
    if (context.groups.has('*')) return []
    return this.#rules.filter((rule) => {
      const { group } = rule
      if (rule.model !== model) return false
      if (group === undefined) return true
      return context.groups.has(group) && ![...context.groups].some((one) => one !== group && this.expand([one]).has(group))
    })
  }
}
