// What kfactor uses of a mini-program's host, in the form of WeChat's `wx`. Douyin's `tt` has the same form.

/** A callback for what failed. */
type Fail = (reason: { errMsg?: string }) => void;

/** The part of `wx` that kfactor calls. What a host may lack is optional. */
export interface MiniApi {
  request(options: {
    url: string;
    method: string;
    header: Record<string, string>;
    data?: string;
    dataType: string;
    responseType: string;
    timeout: number;
    /** From base library 3.2.2 on; older ones follow redirections. */
    redirect?: "manual";
    success(answer: { statusCode: number; data: unknown; header?: Record<string, string> }): void;
    fail: Fail;
  }): unknown;
  getRandomValues?(options: {
    length: number;
    success(answer: { randomValues: ArrayBuffer }): void;
    fail: Fail;
  }): void;
  getStorageSync?(key: string): unknown;
  setStorageSync?(key: string, value: string): void;
  removeStorageSync?(key: string): void;
  getStorageInfoSync?(): { keys: string[] };
  getEnterOptionsSync?(): { query?: Record<string, string> };
  getLaunchOptionsSync?(): { query?: Record<string, string> };
  getAppBaseInfo?(): { language?: string };
  getSystemInfoSync?(): { language?: string };
  onAppShow?(listener: () => void): void;
  offAppShow?(listener: () => void): void;
  onAppHide?(listener: () => void): void;
  offAppHide?(listener: () => void): void;
  onNetworkStatusChange?(listener: (status: { isConnected: boolean }) => void): void;
  offNetworkStatusChange?(listener: (status: { isConnected: boolean }) => void): void;
  canvasToTempFilePath?(options: {
    canvas: unknown;
    fileType: "jpg" | "png";
    quality: number;
    success(answer: { tempFilePath: string }): void;
    fail: Fail;
  }): void;
}

/** What instantiates WebAssembly from the code package: `WXWebAssembly` and its relatives. */
export interface PackagedWasm {
  instantiate(
    path: string,
    imports: WebAssembly.Imports,
  ): Promise<WebAssembly.Instance | { instance: WebAssembly.Instance }>;
}
