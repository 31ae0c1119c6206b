import { Button } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import type { Me } from '../api-answers.ts';
import { deleteAt, getJson, send, sendJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingSecond } from '../measures.ts';
import { useAccount } from '../sign-in/account.tsx';
import { acceptInvitation, actFor, declineInvitation } from '../sign-in/account-client.ts';
import { ActionForm, FormField, Refusal } from '../sign-in/sign-in-parts.tsx';
import { roleTexts } from '../sign-in/sign-in-texts.ts';
import { useStepUp } from '../sign-in/step-up.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import {
  type Member,
  type Members,
  membersSchema,
  organisationSchema,
  type ReceivedInvitation,
  receivedInvitationsSchema,
} from './account-answers.ts';
import { AskOnce, Choices, Part, Said, Unfolded } from './account-parts.tsx';
import { accountTexts, roleMeanings, wordsFor } from './account-texts.ts';

/** The organisations the reader belongs to, the members of the one he acts for, and invitations both ways. */
export function OrganisationsSection({ me }: { me: Me }) {
  const t = useText();
  if (me.user === null) return <p className="card">{t(accountTexts.personNeeded)}</p>;
  const own = me.accounts.find(({ accountId }) => accountId === me.accountId);
  const isAdministrator = own?.kind === 'organisation' && me.roles.includes('administrator');
  return (
    <>
      <p>{t(accountTexts.organisationsLead)}</p>
      <Received />
      <Part title={accountTexts.yourOrganisations}>
        <Organisations me={me} />
      </Part>
      {isAdministrator ? <MembersPart me={me} /> : <p className="hint">{t(accountTexts.chooseOrganisation)}</p>}
      <NewOrganisation />
    </>
  );
}

function Organisations({ me }: { me: Me }) {
  const t = useText();
  const { reload } = useAccount();
  const { busy, error, run } = useAction();
  const organisations = me.accounts.filter(({ kind }) => kind === 'organisation');
  if (organisations.length === 0) return <p>{t(accountTexts.noOrganisations)}</p>;
  return (
    <>
      <ul className="rows">
        {organisations.map(({ accountId, name }) => (
          <li key={accountId}>
            <bdi>
              <strong>{name}</strong>
            </bdi>{' '}
            {accountId === me.accountId ? (
              <span className="tag">{t(accountTexts.thisSession)}</span>
            ) : (
              <Button
                size="small"
                disabled={busy}
                aria-label={`${t(accountTexts.actFor)} ${name}`}
                onClick={() =>
                  run(async () => {
                    await actFor(accountId);
                    await reload();
                  })
                }
              >
                {t(accountTexts.change)}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Refusal title={accountTexts.actFailed} error={error} />
    </>
  );
}

function Received() {
  const t = useText();
  const { reload } = useAccount();
  const { busy, error, run } = useAction();
  const [waiting, setWaiting] = useState<readonly ReceivedInvitation[]>([]);
  const [said, setSaid] = useState<Text | undefined>();
  const load = useCallback(async () => {
    setWaiting((await getJson('/me/invitations', receivedInvitationsSchema)).invitations);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(load);
  }, [load]);
  if (waiting.length === 0 && said === undefined && error === undefined) return null;
  return (
    <Part title={accountTexts.yourInvitations}>
      <ul className="rows">
        {waiting.map(({ invitationId, organisation, roles, expiresAt }) => (
          <li key={invitationId} aria-label={organisation}>
            <bdi>
              <strong>{organisation}</strong>
            </bdi>{' '}
            <span className="hint">
              {roles.map((role) => t(wordsFor(roleTexts, role))).join(' · ')} · {t(accountTexts.invitedUntil)}{' '}
              {beijingSecond(expiresAt)}
            </span>
            <div className="buttons">
              <Button
                type="primary"
                disabled={busy}
                aria-label={`${t(accountTexts.accept)} ${organisation}`}
                onClick={() =>
                  run(async () => {
                    await actFor(await acceptInvitation(invitationId));
                    await reload();
                  })
                }
              >
                {t(accountTexts.accept)}
              </Button>
              <Button
                disabled={busy}
                aria-label={`${t(accountTexts.decline)} ${organisation}`}
                onClick={() =>
                  run(async () => {
                    await declineInvitation(invitationId);
                    setSaid(accountTexts.declined);
                    await load();
                  })
                }
              >
                {t(accountTexts.decline)}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <Said text={said} />
      <Refusal title={accountTexts.notDone} error={error} />
    </Part>
  );
}

function NewOrganisation() {
  const { reload } = useAccount();
  const [name, setName] = useState('');
  return (
    <Part title={accountTexts.newOrganisation} lead={accountTexts.newOrganisationLead}>
      <ActionForm
        button={accountTexts.create}
        failed={accountTexts.notDone}
        onSubmit={async () => {
          const { accountId } = await sendJson('POST', '/accounts', { name: name.trim() }, organisationSchema);
          await actFor(accountId);
          await reload();
        }}
      >
        <FormField
          {...{ id: 'organisation-name', label: accountTexts.organisationName, kind: 'text' }}
          {...{ autoComplete: 'organization', maxLength: 200 }}
          value={name}
          onChange={setName}
        />
      </ActionForm>
    </Part>
  );
}

function MembersPart({ me }: { me: Me }) {
  const t = useText();
  const { accountId } = me;
  const { error, run } = useAction();
  const [members, setMembers] = useState<Members | undefined>();
  const load = useCallback(async () => {
    setMembers(await getJson(`/accounts/${accountId}/members`, membersSchema));
  }, [accountId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each account
  useEffect(() => {
    run(load);
  }, [load]);
  return (
    <>
      <Part title={{ zh: `${accountTexts.membersOf.zh}${me.name}`, en: `${accountTexts.membersOf.en} ${me.name}` }}>
        <p className="hint">{t(accountTexts.membersLead)}</p>
        <Refusal title={accountTexts.unavailable} error={error} />
        <ul className="rows">
          {members?.members.map((member) => (
            <MemberView key={member.userId} {...{ me, member, members, load }} />
          ))}
        </ul>
        {members !== undefined && members.invitations.length > 0 && (
          <>
            <h3>{t(accountTexts.openInvitations)}</h3>
            <ul className="rows">
              {members.invitations.map(({ invitationId, email, roles, expiresAt }) => (
                <li key={invitationId} aria-label={email}>
                  <bdi className="wrap-anywhere">{email}</bdi>{' '}
                  <span className="hint">
                    {roles.map((role) => t(wordsFor(roleTexts, role))).join(' · ')} · {t(accountTexts.invitedUntil)}{' '}
                    {beijingSecond(expiresAt)}
                  </span>
                  <div>
                    <AskOnce
                      button={accountTexts.withdraw}
                      sure={accountTexts.withdrawSure}
                      really={accountTexts.withdrawReally}
                      about={email}
                      onDo={async () => {
                        await deleteAt(`/accounts/${accountId}/invitations/${invitationId}`);
                        await load();
                      }}
                    />
                  </div>
                </li>
              ))}
            </ul>
          </>
        )}
      </Part>
      {members !== undefined && <Invite me={me} members={members} load={load} />}
    </>
  );
}

interface MemberViewProps {
  me: Me;
  member: Member;
  members: Members;
  load: () => Promise<void>;
}

function MemberView({ me, member, members, load }: MemberViewProps) {
  const t = useText();
  const guarded = useStepUp();
  const { userId, name, email, roles, isOwner, since } = member;
  const path = `/accounts/${me.accountId}/members/${userId}`;
  const [chosen, setChosen] = useState(roles);
  const isSelf = email === me.user?.email;
  return (
    <li aria-label={name}>
      <bdi>
        <strong>{name}</strong>
      </bdi>
      {isSelf && <span className="tag">{t(accountTexts.thatIsYou)}</span>}
      {isOwner && <span className="tag">{t(accountTexts.owner)}</span>}
      <div className="hint">
        <bdi className="wrap-anywhere">{email}</bdi> · {t(accountTexts.memberSince)} {beijingSecond(since)}
      </div>
      <div>
        {t(accountTexts.rolesOf)}:{' '}
        {roles.length === 0 ? t(accountTexts.none) : roles.map((role) => t(wordsFor(roleTexts, role))).join(' · ')}
      </div>
      {!isOwner && (
        <div className="buttons">
          <Unfolded button={accountTexts.changeRoles} about={name}>
            {(fold) => (
              <ActionForm
                button={accountTexts.save}
                failed={accountTexts.notDone}
                onSubmit={async () => {
                  await guarded(() => send('PUT', path, { roles: chosen }));
                  await load();
                  fold();
                }}
              >
                <RoleChoices choices={members.accountRoles} chosen={chosen} onChange={setChosen} />
              </ActionForm>
            )}
          </Unfolded>
          <AskOnce
            button={accountTexts.removeMember}
            sure={accountTexts.removeMemberSure}
            really={accountTexts.removeReally}
            about={name}
            onDo={async () => {
              await deleteAt(path);
              await load();
            }}
          />
        </div>
      )}
    </li>
  );
}

function Invite({ me, members, load }: Omit<MemberViewProps, 'member'>) {
  const guarded = useStepUp();
  const [email, setEmail] = useState('');
  const [roles, setRoles] = useState<string[]>(members.accountRoles.includes('holder') ? ['holder'] : []);
  const [said, setSaid] = useState<Text | undefined>();
  return (
    <Part title={accountTexts.invite} lead={accountTexts.inviteLead}>
      <ActionForm
        button={accountTexts.sendInvitation}
        failed={accountTexts.notDone}
        onSubmit={async () => {
          setSaid(undefined);
          await guarded(() => send('POST', `/accounts/${me.accountId}/invitations`, { email: email.trim(), roles }));
          setEmail('');
          setSaid(accountTexts.invited);
          await load();
        }}
      >
        <FormField
          {...{ id: 'invited-email', label: accountTexts.email, kind: 'email', autoComplete: 'off' }}
          value={email}
          onChange={setEmail}
        />
        <RoleChoices choices={members.accountRoles} chosen={roles} onChange={setRoles} />
      </ActionForm>
      <Said text={said} />
    </Part>
  );
}

function RoleChoices(props: {
  choices: readonly string[];
  chosen: readonly string[];
  onChange: (to: string[]) => void;
}) {
  return (
    <Choices
      {...props}
      legend={accountTexts.rolesOf}
      words={(role) => wordsFor(roleTexts, role)}
      meaning={(role) => (Object.hasOwn(roleMeanings, role) ? roleMeanings[role] : undefined)}
    />
  );
}
