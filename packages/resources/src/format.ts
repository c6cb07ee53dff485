// Resources as Mesos prints them in logs and error messages:
// `cpus(allocated: web)(reservations: [(DYNAMIC,web,p1,{team: x})]):0.5`.
import type {
  Labels,
  Resource,
  Resource_DiskInfo,
  Resource_DiskInfo_Source,
  Resource_ReservationInfo,
  Volume,
} from '@kaon/protocol';
import { formatScalar } from './milli.ts';
import { formatRanges } from './ranges.ts';

/** One resource. The record may be invalid: it is printed as it is. */
export function formatResource(resource: Resource): string {
  return `${formatWithoutAmount(resource)}:${formatValue(resource)}`;
}

/** Several resources, in their order, joined by `; `. */
export function formatResources(resources: readonly Resource[]): string {
  return resources.map(formatResource).join('; ');
}

function formatWithoutAmount(resource: Resource): string {
  let text = resource.name;
  if (resource.allocationInfo !== undefined) {
    text += `(allocated: ${resource.allocationInfo.role ?? ''})`;
  }
  if (resource.reservations.length > 0) {
    text += `(reservations: [${resource.reservations.map(formatReservation).join(',')}])`;
  }
  if (resource.disk !== undefined) text += `[${formatDisk(resource.disk)}]`;
  if (resource.revocable !== undefined) text += '{REV}';
  if (resource.shared !== undefined) text += '<SHARED>';
  return text;
}

function formatValue({ type, scalar, ranges, set }: Resource): string {
  switch (type) {
    case 'SCALAR':
      return formatScalar(Math.round((scalar?.value ?? 0) * 1000) / 1000);
    case 'RANGES':
      return formatRanges(ranges?.range ?? []);
    case 'SET':
      return `{${(set?.item ?? []).join(', ')}}`;
    default:
      return '';
  }
}

function formatReservation({ type, role, principal, labels }: Resource_ReservationInfo): string {
  const parts = [type ?? 'UNKNOWN', role ?? ''];
  if (principal !== undefined) parts.push(principal);
  if (labels !== undefined) parts.push(formatLabels(labels));
  return `(${parts.join(',')})`;
}

function formatLabels({ labels }: Labels): string {
  return `{${labels.map(({ key, value }) => (value === undefined ? key : `${key}: ${value}`)).join(', ')}}`;
}

function formatDisk({ persistence, volume, source }: Resource_DiskInfo): string {
  const parts = [];
  if (source !== undefined) parts.push(formatSource(source));
  if (persistence !== undefined) parts.push(persistence.id);
  const text = parts.join(',');
  return volume === undefined ? text : `${text}:${formatVolume(volume)}`;
}

function formatSource(source: Resource_DiskInfo_Source): string {
  const { type, vendor, id, profile } = source;
  if (id !== undefined || profile !== undefined) {
    return `${type}(${vendor ?? ''},${id ?? ''},${profile ?? ''})`;
  }
  const root = type === 'PATH' ? source.path?.root : source.mount?.root;
  return root === undefined ? type : `${type}:${root}`;
}

function formatVolume({ containerPath, hostPath, mode }: Volume): string {
  if (hostPath === undefined) return containerPath;
  const suffix = mode === undefined ? '' : `:${mode.toLowerCase()}`;
  return `${hostPath}:${containerPath}${suffix}`;
}
