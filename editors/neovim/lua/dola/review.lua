---A proposal in a tab of its own: the buffer on the left, what is proposed on the right.
---
---The server keeps the proposal and says what it comes to in the buffer as it is now. What is
---accepted it applies by itself, so that one hunk is one undo step and nothing lands where the text
---has changed meanwhile.

local hunks = require('dola.hunks')
local say = require('dola.say')
local server = require('dola.server')

local api = vim.api

---What the server answers when it is asked for a proposal's text.
---@class dola.Text
---@field uri string
---@field label string
---@field reason string Why it was not applied.
---@field refused boolean
---@field after string
---@field hunks dola.Hunk[]
---@field stale string Why it does not fit the buffer any more; empty where it does.

---@class dola.Review
---@field id string
---@field client vim.lsp.Client
---@field text dola.Text
---@field bufnr integer The buffer that would be changed.
---@field proposed integer A scratch buffer with the text after.
---@field left integer The window of the one …
---@field right integer … and of the other.
---@field tab integer
---@field from integer The window to go back to.
---@field group integer
---@field asked boolean Whether an answer of the server's is awaited.
---@field closed boolean

local M = {}

local reviews = {} ---@type dola.Review[]

---The keys in the window of the proposal: key, decision, word in the window's bar.
local KEYS = {
  { 'a', 'accept', 'accept' },
  { 'x', 'reject', 'reject' },
  { 'A', 'all', 'all' },
  { 'q', 'close', 'close' },
  { 'R', 'retry', 'retry' },
  { 'D', 'discard', 'discard' },
}

---How long the buffer has to be left alone before the proposal is shown anew, in milliseconds.
local REST = 150

---@param text string
---@return string
local function plain(text)
  return (text:gsub('%%', '%%%%'))
end

---@param text dola.Text
---@return string
local function left_bar(text)
  local count = #text.hunks == 1 and '1 hunk' or ('%d hunks'):format(#text.hunks)
  local state = text.refused and ('%s, refused: %s'):format(count, text.reason) or count
  if text.stale ~= '' then
    state = text.stale
  end
  return ('%%#Title# %s%%* %s%%<'):format(plain(text.label), plain(state))
end

---@param text dola.Text
---@return string
local function right_bar(text)
  local shown = {}
  for _, key in ipairs(KEYS) do
    local on_hunks = vim.list_contains({ 'accept', 'reject', 'all' }, key[2])
    if text.stale == '' or not on_hunks then
      table.insert(shown, ('%%#Special#%s%%* %s'):format(key[1], key[3]))
    end
  end
  return ' ' .. table.concat(shown, '  ') .. '%<'
end

---@param review { bufnr: integer, proposed: integer, text: dola.Text }
local function fill(review)
  local bufnr = review.proposed
  local lines = hunks.lines(review.text.after, vim.bo[review.bufnr].fileformat)
  if vim.deep_equal(lines, api.nvim_buf_get_lines(bufnr, 0, -1, false)) then
    return
  end
  vim.bo[bufnr].modifiable = true
  api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

---Show what the server said last.
---@param review dola.Review
local function draw(review)
  -- A window may be gone whose review is about to be closed.
  if not (api.nvim_win_is_valid(review.left) and api.nvim_win_is_valid(review.right)) then
    return
  end
  fill(review)
  vim.wo[review.left][0].winbar = left_bar(review.text)
  vim.wo[review.right][0].winbar = right_bar(review.text)
  api.nvim_win_call(review.right, function()
    vim.cmd('diffupdate')
  end)
end

---Ask the server to do something with the proposal; there may be no review any more when it has.
---@param review { client: vim.lsp.Client, id: string, bufnr: integer }
---@param argument table
---@param done fun(answer?: table)
---@return boolean # Whether there will be an answer.
local function ask(review, argument, done)
  if review.client:is_stopped() then
    say('dola-ls has ended, and the proposal with it. Nothing was changed. Run the action again.')
    return false
  end
  argument.proposal = review.id
  server.execute(review.client, review.bufnr, 'dola.review', argument, done)
  return true
end

---Show the proposal for the buffer as it is now.
---@param review dola.Review
---@param done? fun()
local function refresh(review, done)
  local tick = api.nvim_buf_get_changedtick(review.bufnr)
  ask(review, { ['do'] = 'text' }, function(text)
    -- Where the buffer has changed meanwhile, it will be asked for again.
    if review.closed or not text or tick ~= api.nvim_buf_get_changedtick(review.bufnr) then
      return
    end
    review.text = text
    draw(review)
    if done then
      done()
    end
  end)
end

---Put the cursor on a hunk, in the window it is in.
---@param review dola.Review
---@param number integer
local function go_to(review, number)
  local places = hunks.places(review.text.hunks)
  local place = places[math.min(number, #places)]
  if not place then
    return
  end
  for win, lines in pairs({ [review.left] = place.before, [review.right] = place.after }) do
    if not api.nvim_win_is_valid(win) then
      return
    end
    local last = api.nvim_buf_line_count(api.nvim_win_get_buf(win))
    api.nvim_win_set_cursor(win, { math.min(lines.first, last), 0 })
  end
end

---The review in the current tab.
---@return dola.Review?
local function current()
  local tab = api.nvim_get_current_tabpage()
  return vim.iter(reviews):find(function(review)
    return review.tab == tab
  end)
end

---@param review dola.Review
---@return integer?
local function number_at_cursor(review)
  local side = api.nvim_get_current_win() == review.right and 'after' or 'before'
  local lines = vim.tbl_map(function(place)
    return place[side]
  end, hunks.places(review.text.hunks))
  return hunks.at(lines, api.nvim_win_get_cursor(0)[1])
end

---Give the windows back.
---@param review dola.Review
local function close(review)
  if review.closed then
    return
  end
  review.closed = true
  reviews = vim.tbl_filter(function(other)
    return other ~= review
  end, reviews)
  api.nvim_del_augroup_by_id(review.group)
  if api.nvim_buf_is_valid(review.bufnr) then
    pcall(vim.keymap.del, 'n', 'do', { buffer = review.bufnr })
  end
  local here = api.nvim_get_current_tabpage() == review.tab
  if here and api.nvim_win_is_valid(review.from) then
    api.nvim_set_current_win(review.from)
  end
  if api.nvim_win_is_valid(review.right) then
    api.nvim_win_close(review.right, true)
  end
  if not api.nvim_win_is_valid(review.left) then
    return
  end
  api.nvim_win_call(review.left, function()
    vim.cmd('diffoff')
  end)
  vim.wo[review.left][0].winbar = ''
  -- It is the last window of all where the user has closed the others.
  pcall(api.nvim_win_close, review.left, false)
end

---@param review dola.Review
---@param argument table
---@param done? fun()
local function tell(review, argument, done)
  -- A second key before the answer would name hunks by numbers that are not theirs any more.
  if review.asked then
    return
  end
  review.asked = ask(review, argument, function()
    review.asked = false
    -- The server has told by now if the proposal is settled, and the review is closed then.
    if not review.closed then
      refresh(review, done)
    end
  end)
end

---Accept something; what was refused, only when the user insists.
---@param review dola.Review
---@param argument table
---@param done? fun()
local function apply(review, argument, done)
  argument['do'] = 'apply'
  if not review.text.refused then
    tell(review, argument, done)
    return
  end
  local choices = { 'Leave it', 'Apply it all the same' }
  vim.ui.select(choices, {
    prompt = 'This answer was refused: ' .. review.text.reason,
    kind = 'dola',
  }, function(choice)
    if choice == choices[2] and not review.closed then
      tell(review, argument, done)
    end
  end)
end

---@param review dola.Review
---@param on fun(number: integer, done: fun())
local function with_hunk(review, on)
  if review.text.stale ~= '' then
    say(
      ('%s. Nothing was changed. Take lines over by hand, retry or discard it.'):format(
        review.text.stale
      )
    )
    return
  end
  local number = number_at_cursor(review)
  if not number then
    say('there is no hunk at the cursor. `]c` goes to the next one.', vim.log.levels.INFO)
    return
  end
  on(number, function()
    go_to(review, number)
  end)
end

---@type table<string, fun(review: dola.Review)>
local DECISIONS = {
  accept = function(review)
    with_hunk(review, function(number, done)
      apply(review, { hunk = number - 1 }, done)
    end)
  end,
  reject = function(review)
    with_hunk(review, function(number, done)
      tell(review, { ['do'] = 'discard', hunk = number - 1 }, done)
    end)
  end,
  all = function(review)
    apply(review, {})
  end,
  retry = function(review)
    tell(review, { ['do'] = 'retry' })
  end,
  discard = function(review)
    tell(review, { ['do'] = 'discard' })
  end,
  close = close,
}

---Decide about the hunk at the cursor, or about the whole proposal, in the review of this tab.
---@param decision string `accept`, `reject`, `all`, `retry`, `discard` or `close`
function M.decide(decision)
  local review = current()
  if not DECISIONS[decision] then
    local known = vim.tbl_map(function(key)
      return key[2]
    end, KEYS)
    say(('there is no `:Dola review %s`: %s.'):format(decision, table.concat(known, ', ')))
  elseif not review then
    say('there is no review in this tab. `:Dola review` opens one.')
  else
    DECISIONS[decision](review)
  end
end

---Let Vim's own keys for diffs decide too: what `do` and `dp` do by themselves is an edit of the
---user's to the server, which then could not apply the rest.
---@param review dola.Review
---@param bufnr integer
---@param key string
---@param decision string
local function map_diff_key(review, bufnr, key, decision)
  vim.keymap.set('n', key, function()
    local ours = current() == review and review.text.stale == ''
    return ours and ('<Cmd>Dola review %s<CR>'):format(decision) or key
  end, { buffer = bufnr, expr = true, desc = ('Dola: %s this hunk'):format(decision) })
end

---@param review dola.Review
local function map_keys(review)
  for _, key in ipairs(KEYS) do
    vim.keymap.set('n', key[1], function()
      DECISIONS[key[2]](review)
    end, { buffer = review.proposed, nowait = true, desc = 'Dola: ' .. key[2] })
  end
  map_diff_key(review, review.bufnr, 'do', 'accept')
  map_diff_key(review, review.proposed, 'dp', 'accept')
  map_diff_key(review, review.proposed, 'do', 'reject')
end

---Follow what becomes of the buffer, of the windows and of the server.
---@param review dola.Review
local function watch(review)
  review.group = api.nvim_create_augroup('dola.review.' .. review.proposed, {})
  api.nvim_create_autocmd('WinClosed', {
    group = review.group,
    pattern = { tostring(review.left), tostring(review.right) },
    callback = function()
      vim.schedule(function()
        close(review)
      end)
    end,
  })
  api.nvim_create_autocmd('LspDetach', {
    group = review.group,
    buffer = review.bufnr,
    callback = function(event)
      if event.data.client_id == review.client.id then
        vim.schedule(function()
          if not review.closed then
            close(review)
            say('dola-ls left the buffer, and the proposal went with it. Nothing was changed.')
          end
        end)
      end
    end,
  })
  local changes = 0
  api.nvim_buf_attach(review.bufnr, false, {
    on_lines = function()
      changes = changes + 1
      local seen = changes
      vim.defer_fn(function()
        if seen == changes and not review.closed then
          refresh(review)
        end
      end, REST)
      return review.closed
    end,
  })
end

---@param id string
---@param client vim.lsp.Client
---@param text dola.Text
local function build(id, client, text)
  local bufnr = vim.uri_to_bufnr(text.uri)
  vim.fn.bufload(bufnr)
  local from = api.nvim_get_current_win()
  vim.cmd('tab split')
  local left = api.nvim_get_current_win()
  api.nvim_win_set_buf(left, bufnr)

  local proposed = api.nvim_create_buf(false, true)
  local name = vim.fs.basename(api.nvim_buf_get_name(bufnr))
  api.nvim_buf_set_name(proposed, ('dola://%d/%s/%s'):format(client.id, id, name))
  vim.bo[proposed].bufhidden = 'wipe'
  fill({ bufnr = bufnr, proposed = proposed, text = text })
  vim.bo[proposed].filetype = vim.bo[bufnr].filetype
  local right = api.nvim_open_win(proposed, true, { split = 'right', win = left })

  ---@type dola.Review
  local review = {
    id = id,
    client = client,
    text = text,
    bufnr = bufnr,
    proposed = proposed,
    left = left,
    right = right,
    tab = api.nvim_get_current_tabpage(),
    from = from,
    group = 0,
    asked = false,
    closed = false,
  }
  table.insert(reviews, review)
  for _, win in ipairs({ left, right }) do
    api.nvim_win_call(win, function()
      vim.cmd('diffthis')
    end)
  end
  map_keys(review)
  watch(review)
  draw(review)
  go_to(review, 1)
end

---Open a review of a proposal, or go to the one that is open.
---@param proposal dola.Proposal
function M.open(proposal)
  local known = vim.iter(reviews):find(function(review)
    return review.id == proposal.id and review.client.id == proposal.client_id
  end)
  if known then
    api.nvim_set_current_win(known.right)
    return
  end
  local client = vim.lsp.get_client_by_id(proposal.client_id)
  if not client then
    return
  end
  local bufnr = vim.uri_to_bufnr(proposal.uri)
  ask({ client = client, id = proposal.id, bufnr = bufnr }, { ['do'] = 'text' }, function(text)
    if text then
      build(proposal.id, client, text)
    end
  end)
end

---Take in that a proposal is there no more.
---@param id string
---@param client_id integer
function M.settled(id, client_id)
  for _, review in ipairs(vim.list_slice(reviews)) do
    if review.id == id and review.client.id == client_id then
      close(review)
    end
  end
end

return M
