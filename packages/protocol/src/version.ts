// Which Mesos this speaks like, and which Kaon it is.

/** The version of Mesos whose APIs Kaon speaks; what clients see as `version`. */
export const MESOS_VERSION = '1.12.0';

/** The oldest agent a master admits. */
export const AGENT_VERSION_MIN = '1.0.0';

/** The version of Kaon itself. */
export const KAON_VERSION = '0.1.0';
