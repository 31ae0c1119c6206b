import { ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { type Text, texts } from './texts.ts';

export type Language = 'zh' | 'en';

const STORED_AS = 'tiezheng.language';
const LANG_TAG: Record<Language, string> = { zh: 'zh-CN', en: 'en' };
const ANTD_LOCALE = { zh: zhCN, en: enUS };

const LanguageContext = createContext<{ language: Language; choose: (language: Language) => void }>({
  language: 'zh',
  choose: () => {},
});

/** Language of everything below it: the one chosen last, else the browser's if that is English, else Chinese. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(initialLanguage);
  useEffect(() => {
    document.documentElement.lang = LANG_TAG[language];
  }, [language]);
  const value = useMemo(
    () => ({
      language,
      choose: (chosen: Language) => {
        setLanguage(chosen);
        remember(chosen);
      },
    }),
    [language],
  );
  return (
    <LanguageContext value={value}>
      <ConfigProvider locale={ANTD_LOCALE[language]} theme={THEME} button={{ autoInsertSpace: false }}>
        {children}
      </ConfigProvider>
    </LanguageContext>
  );
}

/** Darker than Ant Design's own where its grey or blue text would fall below a contrast of 4.5 to 1. */
const THEME = {
  token: {
    colorPrimary: '#0a4c94',
    colorLink: '#0a4c94',
    colorLinkHover: '#06356a',
    colorTextPlaceholder: '#66686d',
    colorTextDescription: '#55585e',
    colorTextSecondary: '#4a4d53',
    colorError: '#b3261e',
    colorSuccess: '#1d6b35',
    colorWarning: '#8a5200',
    // Derived from a dark colour it would be brown.
    colorWarningBg: '#fff8e5',
    colorWarningBorder: '#d9a441',
    borderRadius: 4,
    fontFamily: 'inherit',
    fontSize: 15,
  },
};

export function useLanguage(): Language {
  return useContext(LanguageContext).language;
}

/** Picks the reader's language of a text. */
export function useText(): (text: Text) => string {
  const language = useLanguage();
  return (text) => text[language];
}

export function LanguageSwitch() {
  const { language, choose } = useContext(LanguageContext);
  const other: Language = language === 'zh' ? 'en' : 'zh';
  return (
    <button type="button" className="language-switch" lang={LANG_TAG[other]} onClick={() => choose(other)}>
      {texts.switchTo[other]}
    </button>
  );
}

function initialLanguage(): Language {
  try {
    const stored = localStorage.getItem(STORED_AS);
    if (stored === 'zh' || stored === 'en') return stored;
  } catch {
    // Some browsers give pages opened from disk no storage.
  }
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh';
}

function remember(language: Language): void {
  try {
    localStorage.setItem(STORED_AS, language);
  } catch {
    // Then the choice holds until the page is closed.
  }
}
