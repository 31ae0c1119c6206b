/** A message in plain text, to one person. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Resolves when the mail is on its way or kept until it is. What it rejects with is reported and told to nobody who asks. */
export type SendMail = (mail: Mail) => Promise<void>;

const LINE = '\n\n';

/** Both languages, Chinese first. */
function bilingual(to: string, subject: [string, string], zh: string, en: string): Mail {
  return { to, subject: `铁证:${subject[0]} · Tiezheng: ${subject[1]}`, text: `${zh}${LINE}${en}\n` };
}

export function confirmationMail(to: string, url: string): Mail {
  return bilingual(
    to,
    ['确认邮箱', 'confirm your address'],
    `请在一小时内打开以下链接,确认这是您的邮箱:\n${url}\n如果不是您本人注册,请忽略本邮件。`,
    `Open this link within one hour to confirm that this address is yours:\n${url}\nIf you did not sign up, do nothing.`,
  );
}

/** To the owner of an address with which somebody, perhaps himself, tried to sign up again. */
export function alreadySignedUpMail(to: string, url: string): Mail {
  return bilingual(
    to,
    ['您已有用户', 'you have a user already'],
    `有人用此邮箱再次注册。您已经有用户,请直接登录或重设密码:\n${url}\n如果不是您本人操作,请忽略本邮件。`,
    `Somebody signed up again with this address. You have a user already, sign in or reset the password:\n${url}\nIf it was not you, do nothing.`,
  );
}

export function passwordResetMail(to: string, url: string): Mail {
  return bilingual(
    to,
    ['重设密码', 'reset your password'],
    `请在一小时内打开以下链接重设密码,链接只能使用一次:\n${url}\n如果不是您本人操作,请忽略本邮件,密码不变。`,
    `Open this link within one hour to set a new password; it works once:\n${url}\nIf it was not you, do nothing: the password stays.`,
  );
}

export function invitationMail(to: string, organisation: string, url: string): Mail {
  return bilingual(
    to,
    ['邀请加入机构', 'invitation to an organisation'],
    `“${organisation}”邀请您加入。请在 48 小时内用此邮箱登录后接受:\n${url}`,
    `“${organisation}” invites you to join. Sign in with this address and accept within 48 hours:\n${url}`,
  );
}
