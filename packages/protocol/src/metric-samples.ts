// Mesos' metric keys as names, types and labels of Prometheus. A key is one flat text; what varies in it
// (a framework, a role, a percentile) becomes a label.

/** One figure as Prometheus knows it. */
export interface MetricSample {
  /** Without the suffix of a counter. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly type: 'counter' | 'gauge';
  /** The key it stands for, with the names of labels in place of their values. */
  readonly pattern: string;
}

interface Rule {
  readonly key: RegExp;
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly pattern: string;
}

const FRAMEWORK = 'master/frameworks/(?<framework_name>[^/]+)/(?<framework_id>[^/]+)';

/** The first that fits counts. In a name `<what>` stands for that part of the key. */
const RULES: readonly Rule[] = [
  rule(
    `${FRAMEWORK}/(?<what>calls|events|operations)/(?<type>[^/]+)`,
    'counter',
    'master/frameworks/<what>_by_type',
  ),
  rule(`${FRAMEWORK}/(?<what>calls|events|operations)`, 'counter', 'master/frameworks/<what>'),
  rule(
    `${FRAMEWORK}/tasks/terminal/(?<state>[^/]+)`,
    'counter',
    'master/frameworks/tasks_terminal',
  ),
  rule(`${FRAMEWORK}/tasks/active/(?<state>[^/]+)`, 'gauge', 'master/frameworks/tasks_active'),
  rule(`${FRAMEWORK}/offers/(?<what>[^/]+)`, 'counter', 'master/frameworks/offers_<what>'),
  rule(`${FRAMEWORK}/roles/(?<role>.+)/suppressed`, 'gauge', 'master/frameworks/roles_suppressed'),
  rule(`${FRAMEWORK}/subscribed`, 'gauge', 'master/frameworks/subscribed'),
  rule(
    'master/(?<state>task_[^/]+)/(?<source>source_[^/]+)/(?<reason>reason_[^/]+)',
    'counter',
    'master/tasks_by_reason',
  ),
  rule(
    'frameworks/(?<principal>.+)/(?<what>messages_received|messages_processed)',
    'counter',
    'frameworks/<what>',
  ),
  rule(
    'allocator/mesos/roles/(?<role>.*)/shares/dominant',
    'gauge',
    'allocator/mesos/roles/shares/dominant',
  ),
  rule(
    'allocator/mesos/offer_filters/roles/(?<role>.*)/active',
    'gauge',
    'allocator/mesos/offer_filters/roles/active',
  ),
  rule(
    'allocator/mesos/quota/roles/(?<role>.*)/resources/(?<resource>[^/]+)/(?<what>[^/]+)',
    'gauge',
    'allocator/mesos/quota/roles/resources/<what>',
  ),
  rule('actors/dead_letters/(?<reason>[^/]+)', 'counter', 'actors/dead_letters'),
  rule('(?<what>.+_ms)/p(?<quantile>[0-9]+)', 'gauge', '<what>_quantile'),
];

/** The sample of a key; `isCounter` decides for keys without a part that varies. */
export function metricSample(key: string, isCounter: (key: string) => boolean): MetricSample {
  for (const { key: pattern, name, type, pattern: text } of RULES) {
    const groups = pattern.exec(key)?.groups;
    if (groups === undefined) continue;
    const { what, ...labels } = groups;
    const { quantile } = labels;
    return {
      name: nameOf(name.replace('<what>', what ?? '')),
      labels: quantile === undefined ? labels : { ...labels, quantile: fractionOf(quantile) },
      type,
      pattern: text.replace('<what>', what ?? ''),
    };
  }
  return {
    name: nameOf(key),
    labels: {},
    type: isCounter(key) ? 'counter' : 'gauge',
    pattern: key,
  };
}

/** `master/tasks_running` as `mesos_master_tasks_running`. */
function nameOf(key: string): string {
  return `mesos_${key.replace(/[^a-zA-Z0-9_]+/g, '_')}`;
}

/** `0.999` of `p999`. */
function fractionOf(digits: string): string {
  return `0.${digits.replace(/0+$/, '')}`;
}

function rule(key: string, type: Rule['type'], name: string): Rule {
  const pattern = key.replace(/\(\?<(\w+)>[^()]*\)/g, '<$1>');
  return { key: new RegExp(`^${key}$`), name, type, pattern };
}
