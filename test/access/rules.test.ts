import { expect } from 'chai';
import fc from 'fast-check';
import {
  ACTIONS,
  type Action,
  mayDo,
  mayEverDo,
  NEVER_BY_KEY,
  type Principal,
  RELATIONS,
  type Relation,
  ROLES,
  type Role,
  RULES,
} from '../../src/access/rules.ts';

const principal = (change: Partial<Principal>): Principal => ({
  accountId: '00000000-0000-4000-8000-000000000001',
  userId: null,
  roles: [],
  by: 'session',
  scopes: null,
  ...change,
});

const anyPrincipal = fc.record({
  accountId: fc.constant('00000000-0000-4000-8000-000000000001'),
  userId: fc.constant(null),
  roles: fc.subarray([...ROLES]),
  by: fc.constantFrom<Principal['by']>('api-key', 'session', 'link'),
  scopes: fc.option(fc.subarray([...ACTIONS])),
});
const anyAction = fc.constantFrom(...ACTIONS);
const anyRelation = fc.constantFrom(...RELATIONS);

describe('mayDo', () => {
  it('denies what the table does not name', () => {
    const roles = [...ROLES];
    expect(mayDo(principal({ roles }), 'deposit.rewrite' as Action, 'own')).to.equal(false);
    expect(mayDo(principal({ roles }), 'deposit.read', 'borrowed' as Relation)).to.equal(false);
    expect(mayDo(principal({ roles: ['king' as Role] }), 'deposit.read', 'own')).to.equal(false);
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(mayDo(principal({ roles: [name as Role] }), 'deposit.read', 'own'), name).to.equal(false);
      expect(mayDo(principal({ roles }), name as Action, 'own'), name).to.equal(false);
    }
  });

  it('denies everything to whoever has no role', () => {
    fc.assert(fc.property(anyAction, anyRelation, (action, relation) => !mayDo(principal({}), action, relation)));
  });

  it('never allows anybody evidence that is neither his nor granted', () => {
    const ofService: readonly Action[] = ['identity.check', 'platform.read', 'platform.operate'];
    fc.assert(
      fc.property(anyPrincipal, anyAction, (p, action) => {
        fc.pre(!ofService.includes(action));
        return !mayDo(p, action, 'none');
      }),
    );
  });

  it('allows by several roles what one of them allows, and no more', () => {
    fc.assert(
      fc.property(anyPrincipal, anyAction, anyRelation, (p, action, relation) => {
        const each = p.roles.some((role) => mayDo({ ...p, roles: [role] }, action, relation));
        return mayDo(p, action, relation) === each;
      }),
    );
  });

  it('allows by scopes only what it allows without them', () => {
    fc.assert(
      fc.property(anyPrincipal, anyAction, anyRelation, (p, action, relation) => {
        fc.pre(mayDo(p, action, relation));
        return mayDo({ ...p, scopes: null }, action, relation) && (p.scopes === null || p.scopes.includes(action));
      }),
    );
  });

  it('lets no API key make keys, members, checked identities or erasures', () => {
    for (const action of NEVER_BY_KEY) {
      for (const scopes of [null, [action]]) {
        expect(mayEverDo(principal({ roles: [...ROLES], by: 'api-key', scopes }), action), action).to.equal(false);
      }
    }
  });

  it('lets a link read what it was made for and do nothing else', () => {
    fc.assert(
      fc.property(anyPrincipal, anyAction, anyRelation, (p, action, relation) => {
        fc.pre(mayDo({ ...p, by: 'link' }, action, relation));
        return relation === 'granted' && /\.(?:read|download|export)$/.test(action);
      }),
    );
  });

  it('lets no operator, auditor or administrator read evidence', () => {
    for (const role of ['operator', 'auditor', 'administrator'] as const) {
      for (const action of ACTIONS.filter((name) => /^(?:deposit|certificate|custody|matter)\./.test(name))) {
        expect(mayEverDo(principal({ roles: [role] }), action), `${role} ${action}`).to.equal(false);
      }
    }
  });

  it('lets a mediator and an opponent take no original away', () => {
    for (const role of ['mediator', 'opponent', 'platform-reviewer'] as const) {
      expect(mayEverDo(principal({ roles: [role] }), 'deposit.download'), role).to.equal(false);
      expect(mayDo(principal({ roles: [role] }), 'deposit.read', 'granted'), role).to.equal(true);
    }
  });
});

describe('RULES', () => {
  it('has a line for every role, and every action is somebody’s', () => {
    expect(Object.keys(RULES).sort()).to.deep.equal([...ROLES].sort());
    for (const action of ACTIONS) {
      expect(mayEverDo(principal({ roles: [...ROLES] }), action), action).to.equal(true);
    }
  });
});
