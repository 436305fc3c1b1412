import { bad, good, type Outcome } from '../../src/model/aim.ts'
import type { Substitute } from '../collector.ts'
import { textWith } from '../text-substitute.ts'
import type { PlannedCommand } from './compile.ts'
import { decode } from './decode.ts'
import type { Section } from './script.ts'

/** What a command printed, or how it ended, as if the device had another value; any other command's is left as it is. */
export function sectionWith(command: PlannedCommand, section: Section, substitute: Substitute): Section {
  if (!command.points.some(({ point }) => point === substitute.was.point)) return section
  const changed =
    command.parser.kind === 'exit_status' ? statusWith(section, substitute) : printed(command, section, substitute)
  substitute.placed(changed.ok ? good(`what ${command.name} printed`) : changed)
  return changed.ok ? changed.value : section
}

function printed(command: PlannedCommand, section: Section, substitute: Substitute): Outcome<Section> {
  const text = textWith(section.output, substitute, (output, harvest) =>
    decode(command, { ...section, output }, harvest),
  )
  return text.ok ? good({ ...section, output: text.value }) : text
}

/** An exit status is one byte (POSIX.1-2017, Shell, 2.8.2). */
function statusWith(section: Section, { raw }: Substitute): Outcome<Section> {
  const code = Number(raw)
  return Number.isInteger(code) && code >= 0 && code <= 255
    ? good({ ...section, code })
    : bad(`no command ends with status ${String(raw)}`)
}
