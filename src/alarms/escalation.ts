import { alertKey } from '../judge/cell.ts'
import type { Milliseconds } from '../model/clock.ts'
import { formatDuration } from '../model/duration.ts'
import { alarmId } from '../model/record.ts'
import type { Site } from '../model/site.ts'
import type { JournalEntry } from '../store/journal.ts'

/** The name of the alert that somebody should have taken another one by now. */
const escalationAlarm = 'AlarmUnacknowledged'

/** Whether an entry of the journal is such an alert. */
export function isEscalation({ alarm }: JournalEntry): boolean {
  return alarm === escalationAlarm
}

/**
 * The alert that nobody has taken an alarm within its response time. It is an alert of its own: with one more label the
 * first would become another alert to Alertmanager, which would resolve the page that nobody has answered and send it
 * anew. It has all labels of the first, so that what routes the first finds it, and `escalation` to be routed by.
 */
export function escalationOf(
  entry: JournalEntry,
  at: Milliseconds,
  site: Pick<Site, 'language' | 'serviceLevels'>,
): JournalEntry {
  const id = alarmId(entry.key)
  const labels = {
    ...entry.labels,
    alertname: escalationAlarm,
    alarm: entry.alarm,
    alarm_id: id,
    escalation: 'response',
  }
  const time = formatDuration(site.serviceLevels.taken)
  const { summary_en: en = entry.alarm, summary_zh: zh = entry.alarm } = entry.annotations
  const said = { en: `nobody has taken it within ${time}: ${en}`, zh: `${time} 内无人响应：${zh}` }
  const annotations = {
    summary: said[site.language],
    summary_en: said.en,
    summary_zh: said.zh,
    alarm_id: id,
    acknowledge: `siteward ack ${id} --by NAME`,
  }
  return { ...entry, key: alertKey(labels), state: 'firing', alarm: escalationAlarm, labels, annotations, firedAt: at }
}
