/**
 * What people do here. A user has some of them in an account, at most those that the account has: no organisation makes its own
 * members notaries of the service or operators. `administrator` keeps an account's members and keys, and is no right to evidence.
 */
export const ROLES = [
  'holder',
  'capture-operator',
  'notary',
  'mediator',
  'reader',
  'officer',
  'platform-reviewer',
  'opponent',
  'operator',
  'auditor',
  'administrator',
] as const;
export type Role = (typeof ROLES)[number];

/** What can be done: `<object>.<verb>`. Every route names one, or says that it is public. */
export const ACTIONS = [
  // The caller's own user and account.
  'self.read',
  'self.manage',
  'account.manage',
  'identity.check',
  'key.manage',
  // Evidence.
  'deposit.create',
  'deposit.list',
  'deposit.read',
  'deposit.download',
  'deposit.export',
  'deposit.erase',
  'upload.write',
  'certificate.read',
  'custody.read',
  'custody.hand-over',
  'custody.confirm',
  // Disputes.
  'matter.create',
  'matter.list',
  'matter.read',
  'matter.edit',
  // Showing to others.
  'grant.create',
  'grant.read',
  'grant.revoke',
  'link.create',
  'link.read',
  'link.revoke',
  // Asking a notary, a mediator, an expert.
  'request.create',
  'request.list',
  'request.read',
  'request.decide',
  // Stating what one verified, sealed by the service.
  'report.create',
  // Notices.
  'notice.read',
  'notice.manage',
  'webhook.read',
  'webhook.manage',
  // The service itself.
  'platform.read',
  'platform.operate',
] as const;
export type Action = (typeof ACTIONS)[number];

/**
 * How the caller stands to the object: it belongs to his acting account; it was granted to him and the grant is in force; neither.
 * What is asked of no object (creating, listing, one's own account) counts as `own`; the service itself belongs to nobody: `none`.
 */
export const RELATIONS = ['own', 'granted', 'none'] as const;
export type Relation = (typeof RELATIONS)[number];

/** Who calls, as far as rules ask. */
export interface Principal {
  /** The account in whose name the caller acts. */
  accountId: string;
  /** Null for an API key, and for a session by one-time link. */
  userId: string | null;
  roles: readonly Role[];
  by: 'api-key' | 'session' | 'link';
  /** Narrows what the roles allow; null does not. */
  scopes: readonly Action[] | null;
  linkId?: string;
}

type Allowed = Partial<Record<Action, readonly Relation[]>>;

const OWN: readonly Relation[] = ['own'];
const GRANTED: readonly Relation[] = ['granted'];
const OWN_OR_GRANTED: readonly Relation[] = ['own', 'granted'];
const SERVICE: readonly Relation[] = ['none'];

/** Everyone who is signed in, whatever he does here. */
const ANYONE: Allowed = {
  'self.read': OWN,
  'self.manage': OWN,
  'notice.read': OWN,
  'notice.manage': OWN,
};

/** Reads what was granted; what the grant itself leaves out stays out. */
const READER: Allowed = {
  ...ANYONE,
  'deposit.read': GRANTED,
  'certificate.read': GRANTED,
  'custody.read': GRANTED,
  'matter.list': OWN,
  'matter.read': GRANTED,
  'grant.read': GRANTED,
};

/** Also takes the originals into his own file, and confirms that he did. */
const RECIPIENT: Allowed = {
  ...READER,
  'deposit.download': GRANTED,
  'deposit.export': GRANTED,
  'custody.confirm': GRANTED,
};

const HOLDER: Allowed = {
  ...ANYONE,
  'deposit.create': OWN,
  'deposit.list': OWN,
  'deposit.read': OWN_OR_GRANTED,
  'deposit.download': OWN_OR_GRANTED,
  'deposit.export': OWN_OR_GRANTED,
  'deposit.erase': OWN,
  'upload.write': OWN,
  'certificate.read': OWN_OR_GRANTED,
  'custody.read': OWN_OR_GRANTED,
  'custody.hand-over': OWN,
  'custody.confirm': GRANTED,
  'matter.create': OWN,
  'matter.list': OWN,
  'matter.read': OWN_OR_GRANTED,
  'matter.edit': OWN,
  'grant.create': OWN,
  'grant.read': OWN_OR_GRANTED,
  'grant.revoke': OWN,
  'link.create': OWN,
  'link.read': OWN,
  'link.revoke': OWN,
  'request.create': OWN,
  'request.list': OWN,
  'request.read': OWN,
  'webhook.read': OWN,
  'webhook.manage': OWN,
};

/** Who may do what to which object. What does not stand here is refused. */
export const RULES: Readonly<Record<Role, Allowed>> = {
  holder: HOLDER,
  'capture-operator': {
    ...ANYONE,
    'deposit.create': OWN,
    'deposit.list': OWN,
    'deposit.read': OWN,
    'upload.write': OWN,
    'certificate.read': OWN,
    'custody.read': OWN,
    'matter.list': OWN,
    'matter.read': OWN,
  },
  notary: {
    ...RECIPIENT,
    'custody.hand-over': GRANTED,
    'request.list': OWN,
    'request.read': OWN_OR_GRANTED,
    'request.decide': GRANTED,
    'report.create': OWN,
  },
  // Sees only what was shared, and takes nothing away: concessions must not flow into later files.
  mediator: {
    ...READER,
    'request.list': OWN,
    'request.read': GRANTED,
    'request.decide': GRANTED,
    'report.create': OWN,
  },
  reader: RECIPIENT,
  officer: RECIPIENT,
  'platform-reviewer': READER,
  opponent: READER,
  // Runs the service. Reads no evidence: what it must know of a deposit to help stands in the platform's own views.
  operator: {
    ...ANYONE,
    'identity.check': SERVICE,
    'platform.read': SERVICE,
    'platform.operate': SERVICE,
  },
  auditor: { ...ANYONE, 'platform.read': SERVICE },
  administrator: {
    ...ANYONE,
    'account.manage': OWN,
    'key.manage': OWN,
    'webhook.read': OWN,
    'webhook.manage': OWN,
  },
};

/**
 * What an API key never does, whatever its scopes: a stolen key must not make more keys, members or checked identities. What
 * can be undone by nobody is a person's to do as well.
 */
export const NEVER_BY_KEY: readonly Action[] = [
  'self.manage',
  'account.manage',
  'identity.check',
  'key.manage',
  'deposit.erase',
  // A person speaks there, with his name.
  'report.create',
  'platform.operate',
];

/** Only what the link was made for, and only that: reading. */
const BY_LINK: readonly Action[] = [
  'deposit.read',
  'deposit.download',
  'deposit.export',
  'certificate.read',
  'custody.read',
  'matter.read',
];

/** Whether the rules allow it. Denies by default: an unknown role, action or relation allows nothing. */
export function mayDo(principal: Principal, action: Action, relation: Relation): boolean {
  if (principal.scopes !== null && !principal.scopes.includes(action)) return false;
  if (principal.by === 'api-key' && NEVER_BY_KEY.includes(action)) return false;
  if (principal.by === 'link' && (relation !== 'granted' || !BY_LINK.includes(action))) return false;
  return principal.roles.some((role) => isAllowed(role, action, relation));
}

/** Whether there is any object to which the caller may do it: what is refused here is refused before an object is looked for. */
export function mayEverDo(principal: Principal, action: Action): boolean {
  return RELATIONS.some((relation) => mayDo(principal, action, relation));
}

function isAllowed(role: Role, action: Action, relation: Relation): boolean {
  if (!Object.hasOwn(RULES, role)) return false;
  const allowed = RULES[role];
  return Object.hasOwn(allowed, action) && (allowed[action] as readonly Relation[]).includes(relation);
}
