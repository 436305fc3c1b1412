import type { BothTexts } from '../shape.ts'

export type Language = keyof BothTexts

/** Every word of the page, in both languages. */
const words = {
  overview: { en: 'Overview', zh: '总览' },
  devices: { en: 'Devices', zh: '设备' },
  history: { en: 'Alarm history', zh: '告警历史' },
  quiet: { en: 'Quiet times', zh: '静默' },
  wall: { en: 'Wall view', zh: '大屏' },
  language: { en: '中文', zh: 'English' },
  skip: { en: 'Skip to the content', zh: '跳到正文' },
  main: { en: 'Main', zh: '主导航' },
  operate: { en: 'Sign in', zh: '登录操作' },
  operating: { en: 'Sign out', zh: '退出操作' },
  live: { en: 'Live', zh: '实时' },
  connecting: { en: 'Connecting', zh: '连接中' },
  lost: { en: 'No connection', zh: '连接中断' },
  lostLong: {
    en: 'No connection to siteward: what is shown is old.',
    zh: '与 siteward 的连接中断：显示的是旧数据。',
  },
  asOf: { en: 'as of', zh: '截至' },
  allWell: { en: 'All is well', zh: '一切正常' },
  notAllRead: { en: 'No alarm, but not all is read', zh: '无告警，但部分设备未采集到' },
  starting: { en: 'siteward is starting: not everything has been read yet', zh: 'siteward 正在启动：尚未全部采集' },
  firing: { en: 'Firing alarms', zh: '当前告警' },
  noneFiring: { en: 'No alarm is firing.', zh: '当前没有告警。' },
  critical: { en: 'critical', zh: '严重' },
  warning: { en: 'warning', zh: '警告' },
  pending: { en: 'About to fire', zh: '待触发' },
  pendingOne: { en: 'about to fire', zh: '待触发' },
  held: { en: 'Held back', zh: '已抑制' },
  unacknowledged: { en: 'Nobody has taken it in time', zh: '超时无人响应' },
  stale: { en: 'its reading is missing', zh: '读数缺失' },
  value: { en: 'Value', zh: '当前值' },
  limit: { en: 'Limit', zh: '限值' },
  since: { en: 'Since', zh: '开始' },
  lasting: { en: 'Lasting', zh: '已持续' },
  place: { en: 'Place', zh: '位置' },
  check: { en: 'Check first', zh: '首先检查' },
  details: { en: 'Details', zh: '详情' },
  id: { en: 'Id', zh: '编号' },
  rule: { en: 'Rule', zh: '规则' },
  take: { en: 'Acknowledge', zh: '响应' },
  onSite: { en: 'On site', zh: '已到场' },
  repaired: { en: 'Repaired', zh: '已修复' },
  silence: { en: 'Quiet time …', zh: '设置静默…' },
  takenBy: { en: 'Acknowledged', zh: '已响应' },
  onSiteBy: { en: 'On site', zh: '已到场' },
  repairedBy: { en: 'Repaired', zh: '已修复' },
  room: { en: 'The room', zh: '机房' },
  kindRoom: { en: 'Climate', zh: '环境' },
  kindUps: { en: 'UPS', zh: 'UPS' },
  kindCooling: { en: 'Air conditioners', zh: '精密空调' },
  kindMeter: { en: 'Power', zh: '配电' },
  good: { en: 'good', zh: '正常' },
  unknown: { en: 'no reading', zh: '无读数' },
  noReading: { en: 'no reading', zh: '无读数' },
  up: { en: 'up', zh: '正常' },
  partial: { en: 'partly read', zh: '部分采集' },
  down: { en: 'down', zh: '无应答' },
  waiting: { en: 'not polled yet', zh: '待采集' },
  device: { en: 'Device', zh: '设备' },
  state: { en: 'State', zh: '状态' },
  lastPoll: { en: 'Last poll', zh: '最近采集' },
  took: { en: 'Took', zh: '耗时' },
  error: { en: 'Error', zh: '错误' },
  none: { en: 'none', zh: '无' },
  filter: { en: 'Find a device', zh: '查找设备' },
  troubledOnly: { en: 'Only what is not well', zh: '仅显示异常' },
  noDevice: { en: 'No device fits.', zh: '没有符合的设备。' },
  notHere: { en: 'There is no such device.', zh: '没有该设备。' },
  back: { en: 'All devices', zh: '全部设备' },
  probes: { en: 'Probes', zh: '采集项' },
  probe: { en: 'Probe', zh: '采集模板' },
  readings: { en: 'Readings', zh: '读数' },
  findReading: { en: 'Find a reading', zh: '查找读数' },
  reading: { en: 'Reading', zh: '读数' },
  every: { en: 'every', zh: '每' },
  doubts: { en: 'Impossible values', zh: '不可信数值' },
  of: { en: 'of', zh: '/' },
  chart: { en: 'the last 24 hours', zh: '最近 24 小时' },
  chartLoading: { en: 'Loading the last 24 hours …', zh: '正在加载最近 24 小时…' },
  chartNone: { en: 'Nothing is known of the last 24 hours.', zh: '最近 24 小时没有数据。' },
  chartFailed: { en: 'The chart could not be loaded.', zh: '曲线加载失败。' },
  lowest: { en: 'lowest', zh: '最低' },
  highest: { en: 'highest', zh: '最高' },
  newest: { en: 'newest', zh: '最新' },
  perSecond: { en: 'per second', zh: '每秒' },
  day: { en: '24 hours', zh: '24 小时' },
  days7: { en: '7 days', zh: '7 天' },
  days30: { en: '30 days', zh: '30 天' },
  days90: { en: '90 days', zh: '90 天' },
  period: { en: 'Period', zh: '时间范围' },
  alarm: { en: 'Alarm', zh: '告警' },
  severity: { en: 'Severity', zh: '级别' },
  began: { en: 'Began', zh: '开始' },
  ended: { en: 'Ended', zh: '结束' },
  lasted: { en: 'Lasted', zh: '持续' },
  response: { en: 'Response', zh: '响应' },
  on_site: { en: 'On site', zh: '到场' },
  repair: { en: 'Repair', zh: '修复' },
  met: { en: 'in time', zh: '达标' },
  missed: { en: 'too late', zh: '超时' },
  open: { en: 'open', zh: '待处理' },
  late: { en: 'late', zh: '已超时' },
  void: { en: 'not needed', zh: '无需' },
  levels: { en: 'Service levels', zh: '服务时限' },
  stillFiring: { en: 'still firing', zh: '仍在告警' },
  noHistory: { en: 'No alarm in this time.', zh: '该时间内没有告警。' },
  loading: { en: 'Loading …', zh: '加载中…' },
  failed: { en: 'It could not be loaded', zh: '加载失败' },
  again: { en: 'Refresh', zh: '刷新' },
  older: { en: 'Older ones', zh: '更早' },
  newer: { en: 'Newer ones', zh: '更新' },
  noQuiet: { en: 'No quiet time is declared.', zh: '没有静默设置。' },
  newQuiet: { en: 'New quiet time', zh: '新建静默' },
  endQuiet: { en: 'End it', zh: '结束' },
  active: { en: 'active', zh: '生效中' },
  planned: { en: 'planned', zh: '计划中' },
  recurring: { en: 'recurring', zh: '周期' },
  scope: { en: 'Scope', zh: '范围' },
  until: { en: 'Until', zh: '至' },
  from: { en: 'From', zh: '自' },
  by: { en: 'By', zh: '人员' },
  note: { en: 'Note', zh: '备注' },
  notWell: { en: 'not well', zh: '异常' },
  quietWhat: {
    en: 'New alarms of this device are held back for this time. What was told already stays told.',
    zh: '该时段内此设备的新告警不再通知；已发出的告警不受影响。',
  },
  duration: { en: 'For how long', zh: '时长' },
  minutes30: { en: '30 minutes', zh: '30 分钟' },
  hour1: { en: '1 hour', zh: '1 小时' },
  hours2: { en: '2 hours', zh: '2 小时' },
  hours4: { en: '4 hours', zh: '4 小时' },
  hours8: { en: '8 hours', zh: '8 小时' },
  hours24: { en: '24 hours', zh: '24 小时' },
  onlyAlarm: { en: 'Only this alarm', zh: '仅此告警' },
  wholeDevice: { en: 'All alarms of the device', zh: '该设备全部告警' },
  name: { en: 'Your name', zh: '姓名' },
  token: { en: "Operator's token", zh: '操作令牌' },
  tokenWhat: {
    en: 'Kept in this tab alone, until it is closed.',
    zh: '仅保存在本标签页，关闭即清除。',
  },
  tokenWrong: { en: 'siteward does not know this token.', zh: '令牌无效。' },
  nameNeeded: { en: 'A name is needed.', zh: '请填写姓名。' },
  cancel: { en: 'Cancel', zh: '取消' },
  confirm: { en: 'Confirm', zh: '确认' },
  save: { en: 'Sign in', zh: '登录' },
  done: { en: 'Done', zh: '已完成' },
  notOnDisk: {
    en: 'Taken, but the disk refuses: a restart forgets it.',
    zh: '已受理，但无法写入磁盘：重启后会丢失。',
  },
  refused: { en: 'Refused', zh: '被拒绝' },
  newAlarm: { en: 'New alarm', zh: '新告警' },
  overAlarm: { en: 'Alarm over', zh: '告警恢复' },
  recordDown: {
    en: 'The record of alarms cannot be written: alarms go on, but a restart forgets what happened since.',
    zh: '告警记录无法写入：告警继续，但重启后此后的记录将丢失。',
  },
  noAlertmanager: {
    en: 'No Alertmanager is configured: nobody is paged.',
    zh: '未配置 Alertmanager：不会通知任何人。',
  },
  devicesUp: { en: 'devices answer', zh: '台设备应答' },
  metrics: { en: 'Metrics', zh: '指标' },
  answersAt: { en: 'Address', zh: '地址' },
  alarms: { en: 'Alarms', zh: '告警' },
  parent: { en: 'behind a device that is down', zh: '上级设备无应答' },
  settling: { en: 'not clear yet', zh: '确认中' },
  inhibited: { en: 'explained by another alarm', zh: '被其他告警抑制' },
  quietHold: { en: 'quiet time', zh: '静默' },
} as const satisfies Readonly<Record<string, BothTexts>>

export type Word = keyof typeof words

/** A word of the page. */
export function word(name: Word, language: Language): string {
  return words[name][language]
}

/** What classes of devices are called; one that a site has made up is called as it is. */
const classes: Readonly<Record<string, BothTexts>> = {
  room: { en: 'Room', zh: '机房环境' },
  cooling: { en: 'Cooling', zh: '制冷' },
  power: { en: 'Power', zh: '供配电' },
  network: { en: 'Network', zh: '网络' },
  switch: { en: 'Switches', zh: '交换机' },
  firewall: { en: 'Firewalls', zh: '防火墙' },
  ids: { en: 'Intrusion detection', zh: '入侵检测' },
  server: { en: 'Servers', zh: '服务器' },
  virtualization: { en: 'Virtualization', zh: '虚拟化' },
  storage: { en: 'Storage', zh: '存储' },
  database: { en: 'Databases', zh: '数据库' },
  application: { en: 'Applications', zh: '应用' },
  backup: { en: 'Backup', zh: '备份' },
  web: { en: 'Web', zh: '网站' },
  camera: { en: 'Cameras', zh: '摄像机' },
  telephone: { en: 'Telephones', zh: '电话' },
  reach: { en: 'Reached only', zh: '仅连通性' },
  other: { en: 'Other', zh: '其他' },
}

/** The name of a class of devices. */
export function classText(name: string, language: Language): string {
  return Object.hasOwn(classes, name) ? (classes[name]?.[language] ?? name) : name
}

/** Where a class stands among the others: the room first, as on the page; those of the site's own last. */
export function classRank(name: string): number {
  const rank = Object.keys(classes).indexOf(name)
  return rank < 0 ? Number.MAX_SAFE_INTEGER : rank
}

const lengths: readonly (readonly [number, BothTexts])[] = [
  [86_400, { en: 'd', zh: ' 天' }],
  [3600, { en: 'h', zh: ' 小时' }],
  [60, { en: 'm', zh: ' 分钟' }],
  [1, { en: 's', zh: ' 秒' }],
]

/** A length of time in its two largest parts: `1h 5m`, `2 天 3 小时`. */
export function lengthText(seconds: number, language: Language): string {
  let left = Math.max(0, Math.floor(seconds))
  const first = lengths.findIndex(([size]) => left >= size)
  if (first < 0) return `0${lengths.at(-1)?.[1][language] ?? ''}`
  return lengths
    .slice(first, first + 2)
    .flatMap(([size, unit]) => {
      const count = Math.floor(left / size)
      left -= count * size
      return count === 0 ? [] : `${count}${unit[language]}`
    })
    .join(' ')
}

/** A moment in the site's time zone: the day only where it is another. */
export function timeText(iso: string | number, now: number, timeZone: string, language: Language): string {
  const at = new Date(iso)
  const day = (moment: Date | number): string =>
    format(moment, timeZone, { year: 'numeric', month: '2-digit', day: '2-digit' })
  const time = format(at, timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  if (day(at) === day(now)) return time
  const short = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    timeZone,
    month: 'short',
    day: 'numeric',
  })
  return `${short.format(at)} ${format(at, timeZone, { hour: '2-digit', minute: '2-digit' })}`
}

function format(at: Date | number, timeZone: string, parts: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...parts }).format(at)
}
