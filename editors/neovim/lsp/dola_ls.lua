---@brief
---
--- dola-ls: a code model as code actions (explain, refactor, generate tests).
---
--- Put this file on the 'runtimepath' as `lsp/dola_ls.lua` and call `vim.lsp.enable('dola_ls')`.
--- With the rest of `editors/neovim` on it there is `:Dola` too; see `:help dola`.
--- Key, endpoint and the command that fetches a key come from the environment or from the user
--- file of dola-ls, never from here: `dola-ls check` shows what it found and where.

---Filetypes whose name is not the one that the protocol has for the language.
local language_ids = {
  bash = 'shellscript',
  cs = 'csharp',
  make = 'makefile',
  sh = 'shellscript',
  zsh = 'shellscript',
}

---End the undo step that is under way in a buffer. Neovim does so by itself only in the current one.
---@param bufnr integer
local function end_undo_step(bufnr)
  if vim.api.nvim_buf_is_loaded(bufnr) then
    vim.api.nvim_buf_call(bufnr, function()
      vim.cmd('let &l:undolevels = &l:undolevels')
    end)
  end
end

---Apply an edit as one undo step, apart from what was done before it and what comes after it.
---
---Refuse an edit that was made for another version of a buffer, so that the server makes it anew.
---Neovim 0.11 applies it where the version is 0 (a buffer not edited yet), in the wrong place then,
---and where it drops it, it tells the server that it was applied.
local function apply_edit(err, params, ctx)
  local versions = vim.lsp.util.buf_versions
  local edited = {} ---@type integer[]
  for _, change in ipairs(params.edit.documentChanges or {}) do
    local document = change.textDocument
    if document and type(document.version) == 'number' then
      local bufnr = vim.uri_to_bufnr(document.uri)
      if versions and document.version ~= versions[bufnr] then
        return { applied = false, failureReason = 'the buffer has changed' }
      end
      table.insert(edited, bufnr)
    end
  end
  vim.iter(edited):each(end_undo_step)
  local result = vim.lsp.handlers['workspace/applyEdit'](err, params, ctx)
  vim.iter(edited):each(end_undo_step)
  return result
end

---Show a message by way of |vim.notify()|, as `Dola: …` and not as `LSP[dola_ls][Warning] …`.
local function show_message(_, params)
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN }
  vim.notify(
    'Dola: ' .. params.message:gsub('^Dola: ', ''),
    levels[params.type] or vim.log.levels.INFO,
    { title = 'Dola' }
  )
  return params
end

---How many lines above and below the cursor problems are told of: a function is rarely longer.
local near = 200

---Everything that any server or linter reports near a range, as the protocol writes it.
local function problems(client, bufnr, range)
  local function position(lnum, col)
    local line = vim.api.nvim_buf_get_lines(bufnr, lnum, lnum + 1, false)[1] or ''
    col = math.min(col, #line)
    return { line = lnum, character = vim.str_utfindex(line, client.offset_encoding, col, false) }
  end
  local found = {}
  for _, problem in ipairs(vim.diagnostic.get(bufnr)) do
    local end_lnum = problem.end_lnum or problem.lnum
    if end_lnum >= range.start.line - near and problem.lnum <= range['end'].line + near then
      local lsp = vim.tbl_get(problem, 'user_data', 'lsp') or {}
      found[#found + 1] = {
        range = {
          start = position(problem.lnum, problem.col),
          ['end'] = position(end_lnum, problem.end_col or problem.col),
        },
        message = problem.message,
        severity = problem.severity,
        source = problem.source,
        code = problem.code,
        tags = lsp.tags,
      }
    end
  end
  return found
end

---Pass on what the other servers report. Neovim 0.11 tells a server of its own diagnostics only,
---so that there would be nothing to fix.
local function pass_on_problems(client)
  local request = client.request
  client.request = function(self, method, params, ...)
    local automatic = vim.lsp.protocol.CodeActionTriggerKind.Automatic
    local trigger = vim.tbl_get(params or {}, 'context', 'triggerKind')
    if method == 'textDocument/codeAction' and trigger ~= automatic then
      local bufnr = vim.uri_to_bufnr(params.textDocument.uri)
      local context = vim.tbl_extend('force', params.context, {
        diagnostics = problems(client, bufnr, params.range),
      })
      params = vim.tbl_extend('force', params, { context = context })
    end
    return request(self, method, params, ...)
  end
end

---Let K show an explanation where there is one, and be 'keywordprg' elsewhere, as without a server.
---Neovim gives it to hover wherever a server has that, and this one mostly has nothing to show.
local function keep_keywordprg(client, bufnr)
  local function is_default(key)
    return key.lhs == 'K' and key.desc == 'vim.lsp.buf.hover()'
  end
  if not vim.iter(vim.api.nvim_buf_get_keymap(bufnr, 'n')):any(is_default) then
    return
  end
  vim.keymap.set('n', 'K', function()
    local method = 'textDocument/hover'
    local others = vim.iter(vim.lsp.get_clients({ bufnr = bufnr, method = method })):any(
      function(other)
        return other.id ~= client.id
      end
    )
    if others then
      return vim.lsp.buf.hover()
    elseif client:is_stopped() then
      return vim.cmd.normal({ 'K', bang = true })
    end
    local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
    client:request(method, params, function(_, result)
      if result then
        vim.lsp.buf.hover()
      elseif vim.api.nvim_get_current_buf() == bufnr then
        vim.cmd.normal({ 'K', bang = true })
      end
    end, bufnr)
  end, { buffer = bufnr, desc = 'vim.lsp.buf.hover()' })
end

---Tell whether a file is an explanation that the server has written.
local function is_page(name)
  return name:match('[/\\]dola%-ls%-[%w_]+[/\\][^/\\]+%.md$') ~= nil
end

---Return where the link under the cursor of an explanation leads: `[line 7]`, and at the end of the
---page `[line 7]: file:///…#L7`.
local function address_under_cursor()
  local line, column = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[2] + 1
  local wanted = line:match('^%[(.-)%]: ')
  for start, label, stop in line:gmatch('()%[([^%[%]]+)%]()') do
    wanted = start <= column and column < stop and label or wanted
  end
  for _, other in ipairs(wanted and vim.api.nvim_buf_get_lines(0, 0, -1, false) or {}) do
    local label, address = other:match('^%[(.-)%]: (%S+)$')
    if label and label:lower() == wanted:lower() then
      return address
    end
  end
end

---Let `gf` follow the links of an explanation.
local function set_up_page(bufnr)
  vim.keymap.set('n', 'gf', function()
    local uri, row = (address_under_cursor() or ''):match('^(file:.-)#L(%d+)$')
    if not uri then
      return vim.api.nvim_feedkeys('gf', 'n', false)
    end
    local start = { line = tonumber(row) - 1, character = 0 }
    local place = { uri = uri, range = { start = start, ['end'] = start } }
    vim.lsp.util.show_document(place, 'utf-8', { reuse_win = true, focus = true })
  end, { buffer = bufnr, desc = 'Go to the line of code' })
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    vim.wo[window][0].linebreak = true
  end
end

---Close the explanations before this one. Neovim opens a window for each.
local function close_others(bufnr)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local shown = vim.api.nvim_win_get_buf(window)
    local is_other = shown ~= bufnr and is_page(vim.api.nvim_buf_get_name(shown))
    if is_other and window ~= vim.api.nvim_get_current_win() then
      vim.api.nvim_win_close(window, false)
    end
  end
end

---Show a document, and set an explanation up: the server need not be attached to it, as Markdown
---may be none of its `filetypes`.
local function show_document(err, params, ctx)
  local show = vim.lsp.handlers['window/showDocument']
  if params.external or not is_page(vim.uri_to_fname(params.uri)) then
    return show(err, params, ctx)
  end
  local bufnr = vim.uri_to_bufnr(params.uri)
  local group = vim.api.nvim_create_augroup('dola_pages', { clear = false })
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  -- Whenever it comes into a window: `:bdelete` takes away what was set up.
  vim.api.nvim_create_autocmd('BufWinEnter', {
    group = group,
    buffer = bufnr,
    desc = 'Let gf follow the links of an explanation',
    callback = function()
      set_up_page(bufnr)
    end,
  })
  local result = show(err, params, ctx)
  close_others(bufnr)
  return result
end

---@type vim.lsp.Config
local config = {
  cmd = { 'dola-ls' },
  -- The languages whose syntax the server knows, then what is usually edited beside them. In the
  -- latter it works on a selection, or on the paragraph at the cursor.
  filetypes = {
    'python',
    'javascript',
    'javascriptreact',
    'typescript',
    'typescriptreact',
    'go',
    'rust',
    'java',
    'c',
    'cpp',
    'cs',
    'ruby',
    'php',

    'bash',
    'css',
    'dockerfile',
    'html',
    'json',
    'jsonc',
    'kotlin',
    'lua',
    'make',
    'markdown',
    'sh',
    'sql',
    'swift',
    'toml',
    'vim',
    'yaml',
    'zsh',
  },
  get_language_id = function(_, filetype)
    return language_ids[filetype] or filetype
  end,
  -- The repository first: one server, one account of what was spent, for all its packages.
  root_markers = {
    '.git',
    '.hg',
    '.jj',
    'pyproject.toml',
    'setup.py',
    'package.json',
    'tsconfig.json',
    'go.mod',
    'Cargo.toml',
    'pom.xml',
    'build.gradle',
    'compile_commands.json',
    'CMakeLists.txt',
    'Gemfile',
    'composer.json',
  },
  -- A buffer outside every project (an explanation the server opened, a scratch file) joins the
  -- server that is already running instead of starting a second one.
  reuse_client = function(client, config)
    if client.name ~= config.name or client:is_stopped() then
      return false
    end
    return config.root_dir == nil or client.root_dir == config.root_dir
  end,
  -- The server hears of a change at once, and not 150 ms later, when an edit may be on its way.
  flags = { debounce_text_changes = 0 },
  handlers = {
    ['window/showDocument'] = show_document,
    ['window/showMessage'] = show_message,
    ['workspace/applyEdit'] = apply_edit,
  },
  on_init = pass_on_problems,
  on_attach = function(client, bufnr)
    local function command(name, lsp_command, desc)
      vim.api.nvim_buf_create_user_command(bufnr, name, function()
        client:exec_cmd({ title = desc, command = lsp_command }, { bufnr = bufnr })
      end, { desc = desc })
    end
    -- Neovim draws no cancel button for a server's progress.
    command('LspDolaCancel', 'dola.cancel', 'Stop every running Dola action')
    command('LspDolaStatus', 'dola.status', 'Say what Dola is doing, and with which provider')
    keep_keywordprg(client, bufnr)
  end,
}

-- This file also works alone. Beside the plugin, what waits to be decided about has a view there.
if #vim.api.nvim_get_runtime_file('lua/dola/review.lua', false) > 0 then
  config.capabilities = { experimental = { dolaReview = true } }
  config.handlers['dola/proposed'] = function(_, params, context)
    require('dola.proposals').proposed(params, context.client_id)
  end
  config.handlers['dola/settled'] = function(_, params, context)
    require('dola.proposals').settled(params, context.client_id)
  end
  config.on_exit = function(code, signal)
    require('dola.server').ended(code, signal)
  end
end

return config
