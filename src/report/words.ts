import type { Ending } from '../model/asset.ts'
import type { Language, Text } from '../model/metric.ts'
import type { Step } from '../model/record.ts'
import type { ReportPeriod } from '../model/report.ts'
import type { StepTime } from '../record/episodes.ts'
import type { Verdict } from './checks.ts'

export const verdictTexts: Readonly<Record<Verdict, Text>> = {
  normal: { en: 'normal', zh: '正常' },
  partly: { en: 'normal as far as checked', zh: '已检查部分正常' },
  abnormal: { en: 'ABNORMAL', zh: '异常' },
  unchecked: { en: 'NOT CHECKED', zh: '未检查' },
  recorded: { en: 'recorded (no limit)', zh: '仅记录' },
}

export const periodTexts: Readonly<Record<ReportPeriod, Text>> = {
  week: { en: 'Weekly inspection report', zh: '周巡检报告' },
  month: { en: 'Monthly inspection report', zh: '月度巡检报告' },
  quarter: { en: 'Quarterly inspection report', zh: '季度巡检报告' },
  half_year: { en: 'Half-yearly inspection report', zh: '半年巡检报告' },
  year: { en: 'Yearly inspection report', zh: '年度巡检报告' },
}

export const stepTexts: Readonly<Record<Step, Text>> = {
  taken: { en: 'responded', zh: '响应' },
  on_site: { en: 'on site', zh: '到场' },
  repaired: { en: 'repaired', zh: '修复' },
}

export const stateTexts: Readonly<Record<StepTime['state'], Text>> = {
  met: { en: 'in time', zh: '按时' },
  missed: { en: 'MISSED', zh: '超时' },
  late: { en: 'LATE, not done yet', zh: '已超时，未完成' },
  open: { en: 'not done yet', zh: '未完成' },
  void: { en: 'not needed', zh: '无需' },
}

export const endingTexts: Readonly<Record<Ending, Text>> = {
  warranty: { en: 'warranty', zh: '保修' },
  certificate: { en: 'certificate', zh: '证书' },
  battery: { en: 'battery', zh: '电池寿命' },
}

/** Everything else that a report says. */
const words = {
  site: { en: 'Site', zh: '站点' },
  period: { en: 'Period', zh: '报告周期' },
  source: { en: 'Figures from', zh: '数据来源' },
  rollUps: { en: "siteward's roll-ups", zh: 'siteward 统计数据' },
  asOf: { en: 'As of', zh: '数据截至' },
  classes: { en: 'Classes', zh: '设备类别' },
  all: { en: 'all', zh: '全部' },
  summary: { en: 'Summary', zh: '概要' },
  class: { en: 'Class', zh: '类别' },
  devices: { en: 'Devices', zh: '设备数' },
  device: { en: 'Device', zh: '设备' },
  result: { en: 'Result', zh: '结果' },
  reading: { en: 'Reading', zh: '检查项目' },
  where: { en: 'Where', zh: '部位' },
  limits: { en: 'Limits', zh: '限值' },
  low: { en: 'Minimum', zh: '最小值' },
  average: { en: 'Average', zh: '平均值' },
  high: { en: 'Maximum', zh: '最大值' },
  outside: { en: 'Outside limits', zh: '超限时长' },
  checked: { en: 'Checked', zh: '已检查' },
  alarms: { en: 'Alarms', zh: '告警' },
  alarm: { en: 'Alarm', zh: '告警' },
  severity: { en: 'Severity', zh: '级别' },
  availability: { en: 'Availability', zh: '可用率' },
  grew: { en: 'grew by', zh: '增长' },
  unread: { en: 'Not checked (nothing was read)', zh: '未检查（无数据）' },
  nothing: { en: 'NOT CHECKED: nothing was read in this period', zh: '未检查：本周期内无任何数据' },
  series: { en: 'readings', zh: '项' },
  more: { en: 'more; all are in the workbook', zh: '项未列出，详见工作簿' },
  levels: { en: 'Service levels', zh: '服务级别' },
  level: { en: 'Step', zh: '环节' },
  within: { en: 'Within', zh: '时限' },
  asked: { en: 'Alarms', zh: '告警数' },
  met: { en: 'In time', zh: '按时' },
  missed: { en: 'Missed', zh: '超时' },
  late: { en: 'Late', zh: '逾期未完成' },
  open: { en: 'Open', zh: '处理中' },
  rate: { en: 'Rate', zh: '及时率' },
  mean: { en: 'Average time', zh: '平均用时' },
  outsideWork: { en: 'Outside working time (in time)', zh: '非工作时间（按时）' },
  cause: { en: 'Cause and what was done', zh: '原因与处理' },
  repair: { en: 'Repair', zh: '修复' },
  fired: { en: 'Began', zh: '发生时间' },
  lasted: { en: 'Lasted', zh: '持续时间' },
  goesOn: { en: 'goes on', zh: '持续中' },
  notTold: { en: 'held back', zh: '已抑制' },
  notWritten: { en: 'NOT WRITTEN DOWN', zh: '未填写' },
  times: { en: 'Times', zh: '时限' },
  lateAlarms: { en: 'Alarms missed or late', zh: '超时与逾期告警' },
  none: { en: 'none', zh: '无' },
  duties: { en: 'Periodic duties', zh: '周期性任务' },
  duty: { en: 'Duty', zh: '任务' },
  when: { en: 'When', zh: '周期' },
  due: { en: 'Due', zh: '应完成' },
  inTime: { en: 'In time', zh: '按时' },
  doneLate: { en: 'Late', zh: '逾期完成' },
  notDone: { en: 'Not done', zh: '未完成' },
  lastDone: { en: 'Last done', zh: '上次完成' },
  next: { en: 'Next', zh: '下次应完成' },
  overdue: { en: 'OVERDUE', zh: '逾期' },
  days: { en: 'days', zh: '天' },
  never: { en: 'never', zh: '从未' },
  forecasts: { en: 'Capacity forecasts', zh: '容量预测' },
  now: { en: 'Now', zh: '当前值' },
  perDay: { en: 'A day', zh: '每日变化' },
  limit: { en: 'Limit', zh: '限值' },
  reached: { en: 'Reached in', zh: '预计到达' },
  ledger: { en: 'Ledger', zh: '设备台账' },
  changes: { en: 'Changes', zh: '变更' },
  differs: { en: 'The device tells something else than the ledger', zh: '设备报告与台账不一致' },
  ends: { en: 'Comes to an end', zh: '到期提醒' },
  field: { en: 'Field', zh: '字段' },
  inLedger: { en: 'Ledger', zh: '台账' },
  told: { en: 'Device', zh: '设备报告' },
  day: { en: 'Day', zh: '日期' },
  left: { en: 'Left', zh: '剩余' },
  what: { en: 'What', zh: '内容' },
  time: { en: 'Time', zh: '时间' },
  configurationHash: { en: 'Hash of the configuration', zh: '配置哈希' },
  dataHash: { en: 'Hash of the data', zh: '数据哈希' },
  provenance: {
    en: 'Each full minute is one sample. The same configuration and data give the same report, with the same hashes (SHA-256).',
    zh: '每整分钟采样一次。相同的配置与数据生成相同的报告和相同的哈希值（SHA-256）。',
  },
  inspector: { en: 'Inspected by', zh: '巡检人' },
  reviewer: { en: 'Reviewed by', zh: '审核人' },
  date: { en: 'Date', zh: '日期' },
} as const satisfies Record<string, Text>

export type Word = keyof typeof words

/** The word in a language. */
export function wordsOf(language: Language): (word: Word) => string {
  return (word) => words[word][language]
}
