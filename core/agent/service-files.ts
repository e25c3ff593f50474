/** What the system's own service manager is to start. */
export interface ServiceOptions {
  readonly platform: NodeJS.Platform
  /** The program and its arguments: node, the khatm file, `agent` and its options. */
  readonly command: readonly string[]
}

/**
 * What starts the desk with the user's session, as text to be saved: a systemd user unit, a launchd agent or a task of the
 * Windows Task Scheduler. It runs as the person who holds the token, never as a service of the machine.
 */
export function serviceFile({ platform, command }: ServiceOptions): {
  readonly file: string
  readonly text: string
  readonly enable: string
} {
  switch (platform) {
    case 'win32':
      return { file: 'khatm-agent.xml', text: windowsTask(command), enable: 'schtasks /Create /TN "Khatm Agent" /XML khatm-agent.xml' }
    case 'darwin':
      return {
        file: '~/Library/LaunchAgents/khatm.agent.plist',
        text: launchAgent(command),
        enable: 'launchctl load -w ~/Library/LaunchAgents/khatm.agent.plist',
      }
    default:
      return {
        file: '~/.config/systemd/user/khatm-agent.service',
        text: systemdUnit(command),
        enable: 'systemctl --user daemon-reload && systemctl --user enable --now khatm-agent',
      }
  }
}

function systemdUnit(command: readonly string[]): string {
  return `[Unit]
Description=Khatm signing desk
After=graphical-session.target

[Service]
ExecStart=${command.map(systemdWord).join(' ')}
Restart=on-failure
RestartSec=5
NoNewPrivileges=yes
UMask=0077

[Install]
WantedBy=default.target
`
}

/** systemd.service(5): quotes, backslashes, `%` specifiers and `$` variables are taken literally. */
function systemdWord(word: string): string {
  const escaped = word.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/%/g, '%%').replace(/\$/g, '$$$$')
  return /[\s"\\';]/.test(word) ? `"${escaped}"` : escaped
}

function windowsTask(command: readonly string[]): string {
  const [program = '', ...args] = command
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Khatm signing desk</Description></RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
  <Principals><Principal id="Author"><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>99</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author"><Exec><Command>${xml(program)}</Command><Arguments>${xml(args.map(windowsWord).join(' '))}</Arguments></Exec></Actions>
</Task>
`
}

/** CommandLineToArgvW: backslashes before a quote are doubled. */
function windowsWord(word: string): string {
  if (word !== '' && !/[\s"]/.test(word)) return word
  // Each run of backslashes is looked at once, with what follows it.
  const escaped = word.replace(/\\+|"/g, (run, at: number) => (run === '"' ? '\\"' : doubled(run, word.charAt(at + run.length))))
  return `"${escaped}"`
}

function doubled(run: string, next: string): string {
  return next === '"' || next === '' ? run + run : run
}

function launchAgent(command: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>Label</key><string>khatm.agent</string>
  <key>ProgramArguments</key><array>${command.map((word) => `<string>${xml(word)}</string>`).join('')}</array>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
</dict></plist>
`
}

function xml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
