import { mkdirSync } from 'node:fs'
import { posix, win32 } from 'node:path'

/** What of the computer decides where the desk keeps its files. */
export interface Machine {
  readonly platform: NodeJS.Platform
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/**
 * Where the desk keeps its pairings, log and outbox: the user's own folder of each platform. Windows: LOCALAPPDATA, so that
 * the key of the desk does not roam to other PCs with the profile.
 */
export function agentFolder({ platform, environment, home }: Machine): string {
  const given = environment['KHATM_AGENT_FOLDER']
  if (given !== undefined && given !== '') return given
  switch (platform) {
    case 'win32': {
      const local = environment['LOCALAPPDATA'] ?? environment['APPDATA']
      return win32.join(local ?? win32.join(home, 'AppData', 'Local'), 'Khatm', 'Agent')
    }
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support', 'Khatm', 'Agent')
    default: {
      const state = environment['XDG_STATE_HOME']
      return posix.join(state !== undefined && posix.isAbsolute(state) ? state : posix.join(home, '.local', 'state'), 'khatm', 'agent')
    }
  }
}

/** Makes the folder for its owner alone. */
export function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
}
